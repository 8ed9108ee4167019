import { expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import { deadLetterMismatch } from "./dead-letters.ts";

test("missing, different, needless and unexplained dead letters", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 100);
  expect(deadLetterMismatch.find(histories)).toEqual([]);
  history.letterMissing.set(1);
  history.letterDiffers.set(2);
  history.letterOfRow.set(3);
  history.malformedRow.set(4);
  history.letters.add(50, 5);
  history.letters.add(60, 6);
  history.letters.match(60);
  expect(deadLetterMismatch.find(histories)).toMatchObject([
    { count: 5, ranges: ["p0 #1", "p0 #2", "p0 #3", "p0 #4", "p0 offset 50 (p0 #5)"] },
  ]);
});

test("a letter at an offset that no log has", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 10);
  history.letters.add(-5, -1);
  history.log = { start: 4, end: 10, next: 10, records: 6 };
  history.letters.add(3, -1);
  expect(deadLetterMismatch.find(histories)).toMatchObject([{ count: 1, ranges: ["p0 offset -5"] }]);
});

test("a letter of an event that nobody attempted is a phantom instead", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 10);
  history.letters.add(50, -1, { key: Buffer.from("9:4000"), value: null });
  expect(deadLetterMismatch.find(histories)).toEqual([]);
  history.letters.add(51, -1, { key: Buffer.from("9:4"), value: null });
  expect(deadLetterMismatch.find(histories)).toMatchObject([{ ranges: ["p0 offset 51"] }]);
});

/** A letter that no record explains, in a log from offset 4 on, of which the sink has applied those below 10. */
function unmatched(offset: number, change: (history: ReturnType<typeof soundPartition>) => void = () => undefined) {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 10);
  history.log = { start: 4, end: 20, next: 20, records: 16 };
  history.letters.add(offset, 0);
  change(history);
  return deadLetterMismatch.find(histories);
}

test("a letter that no record explains; what Kafka has deleted can't be compared", () => {
  expect(unmatched(-1)).toMatchObject([
    { ranges: ["p0 offset -1 (p0 #0)"], detail: "1 at an offset without a record" },
  ]);
  for (const offset of [0, 1, 3]) expect(unmatched(offset), `${offset}`).toEqual([]);
  expect(unmatched(4)).toMatchObject([{ ranges: ["p0 offset 4 (p0 #0)"], detail: "1 at an offset without a record" }]);
  expect(unmatched(9)).toMatchObject([{ detail: "1 at an offset without a record" }]);
  for (const offset of [10, 11])
    expect(unmatched(offset)).toMatchObject([{ detail: "1 at an offset that was not applied" }]);
  expect(unmatched(2, (history) => (history.log = undefined))).toMatchObject([{ ranges: ["p0 offset 2 (p0 #0)"] }]);
  expect(unmatched(4, (history) => (history.sink = undefined))).toMatchObject([
    { detail: "1 at an offset that was not applied" },
  ]);
});

test("letters that belong to no partition are counted all, and named some", () => {
  const histories = emptyHistories();
  histories.oddLetters = { count: 7, examples: ["one", "two", "three"] };
  expect(deadLetterMismatch.find(histories)).toMatchObject([
    { count: 7, ranges: ["one", "two", "three"], detail: "7 unexplained" },
  ]);
});
