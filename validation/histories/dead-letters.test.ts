import { expect, test } from "vitest";
import { DeadLetters } from "./dead-letters.ts";

function lettersAt(...offsets: number[]): DeadLetters {
  const letters = new DeadLetters();
  for (const offset of offsets) letters.add(offset, offset * 10);
  return letters;
}

test.each([
  ["in order", [2, 5, 9], [0, 1, 2]],
  ["against the order", [9, 5, 2], [2, 1, 0]],
  ["again", [5, 5, 2, 2], [1, 1, 0, 0]],
  ["where none is", [0, 3, 10, 2, 3, 2, -1], [-1, -1, -1, 0, -1, 0, -1]],
  ["behind the last, then before it", [11, 9, 11, 2], [-1, 2, -1, 0]],
])("finds letters by their offsets, %s", (_name, offsets, positions) => {
  const letters = lettersAt(2, 5, 9);
  expect(offsets.map((offset) => letters.match(offset))).toEqual(positions);
  const matched = [0, 1, 2].filter((position) => letters.matched.has(position));
  expect(matched).toEqual([...new Set(positions.filter((position) => position >= 0))].toSorted((a, b) => a - b));
});

test("of a letter that no event explains, the bytes are kept and no event is said", () => {
  const letters = lettersAt(2);
  const odd = { key: Buffer.from("k"), value: null };
  letters.add(3, 30, odd);
  expect(letters.sequences).toEqual([20, -1]);
  expect([...letters.odd]).toEqual([[1, odd]]);
});

test("beyond 20,000 of them the bytes are not kept, but the letter is", () => {
  const letters = new DeadLetters();
  for (let offset = 0; offset <= 20_000; offset++) letters.add(offset, 1, { key: null, value: null });
  expect([letters.odd.size, letters.odd.has(19_999), letters.odd.has(20_000)]).toEqual([20_000, true, false]);
  expect([letters.offsets.length, letters.sequences.at(-1)]).toEqual([20_001, -1]);
});

test("another thread gets the same letters", () => {
  const letters = lettersAt(2, 5);
  const bytes = Buffer.from("xxabcyy");
  letters.add(9, -1, { key: bytes.subarray(2, 5), value: null });
  letters.add(11, -1, { key: null, value: bytes.subarray(5) });
  letters.match(5);
  const copy = DeadLetters.unpack(structuredClone(letters.pack()));
  expect([copy.offsets, copy.sequences]).toEqual([
    [2, 5, 9, 11],
    [20, 50, -1, -1],
  ]);
  expect([0, 1, 2, 3].map((position) => copy.matched.has(position))).toEqual([false, true, false, false]);
  expect([...copy.odd]).toEqual([
    [2, { key: Buffer.from("abc"), value: null }],
    [3, { key: null, value: Buffer.from("yy") }],
  ]);
  // Only a Buffer has the methods that compare it with a record.
  expect(copy.odd.get(2)?.key?.equals(Buffer.from("abc"))).toBe(true);
});
