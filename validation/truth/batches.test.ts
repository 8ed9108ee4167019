import fc from "fast-check";
import { expect, test } from "vitest";
import { Batches } from "./batches.ts";

test("finds the batch of every sequence, whatever the order of lines", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 200 }), fc.nat(), (counts, shuffle) => {
      const starts = counts.map((_, index) => counts.slice(0, index).reduce((sum, count) => sum + count, 0));
      const order = counts
        .map((_, index) => index)
        .toSorted((a, b) => ((a * 7919 + shuffle) % 101) - ((b * 7919 + shuffle) % 101));
      const batches = new Batches();
      for (const index of order) {
        const batch = batches.batch(starts[index] as number, counts[index] as number) as number;
        batches.attempt(batch, index, index + 1);
      }
      const owner = counts.flatMap((count, index) => Array.from({ length: count }, () => index));
      for (const [sequence, index] of owner.entries()) {
        const batch = batches.find(sequence);
        expect([batches.startOf(batch), batches.endOf(batch)]).toEqual([
          starts[index],
          (starts[index] as number) + (counts[index] as number),
        ]);
      }
      expect(batches.find(owner.length)).toBe(-1);
    }),
  );
});

test("refuses what overlaps, and what no batch can be", () => {
  const batches = new Batches();
  expect(batches.batch(10, 10)).toBe(0);
  expect(batches.batch(10, 10)).toBe(0);
  for (const [start, count] of [
    [10, 9],
    [5, 6],
    [19, 1],
    [15, 10],
    [-1, 1],
    [0, 0],
    [2 ** 53, 1],
    [40, 2 ** 24 + 1],
    [1.5, 1],
  ] as const)
    expect(batches.batch(start, count)).toBeUndefined();
  expect(batches.batch(0, 10)).toBe(0);
  expect(batches.find(12)).toBe(1);
});
