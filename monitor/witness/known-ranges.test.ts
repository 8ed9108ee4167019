import { expect, test } from "vitest";
import { KnownRanges } from "./known-ranges.ts";

function known(...sizes: number[]): KnownRanges {
  const ranges = new KnownRanges();
  let from = 0;
  for (const size of sizes) ranges.add({ partition: 0, from, to: (from += size) });
  return ranges;
}
const starts = (ranges: KnownRanges, most: { ranges: number; sequences: number }) =>
  ranges.pick(most).map(({ from }) => from);

test("a sweep picks each range once before any is picked again", () => {
  const ranges = known(10, 10, 10, 10, 10);
  const picks = Array.from({ length: 4 }, () => starts(ranges, { ranges: 2, sequences: 100 }));
  expect(picks).toEqual([
    [0, 10],
    [20, 30],
    [40, 0],
    [10, 20],
  ]);
});

test("a pick has no range twice, and ends before it has too many sequences", () => {
  expect(starts(known(10, 10), { ranges: 5, sequences: 100 })).toEqual([0, 10]);
  const ranges = known(10, 10, 50, 10);
  expect(starts(ranges, { ranges: 5, sequences: 40 })).toEqual([0, 10]);
  expect(starts(ranges, { ranges: 5, sequences: 40 })).toEqual([20]);
  expect(starts(ranges, { ranges: 5, sequences: 40 })).toEqual([70, 0, 10]);
  expect(starts(new KnownRanges(), { ranges: 5, sequences: 40 })).toEqual([]);
});

test("what was told before, and has all of its rows, is no news", () => {
  const { isNews } = onRange();
  expect([9, 9, 10, 10, 10].map((rows) => isNews(rows, false))).toEqual([true, true, true, false, false]);
  expect(isNews(10, false, "other")).toBe(true);
  expect(isNews(10, false)).toBe(true);
});

test("rows that are missing are told until it is proved that next_offset has passed them, and when they change again", () => {
  const { isNews } = onRange();
  expect([1, 2, 3].map(() => isNews(9, false))).toEqual([true, true, true]);
  expect([1, 2, 3, 4].map(() => isNews(9, true))).toEqual([true, true, false, false]);
  expect([8, 8, 8].map((rows) => isNews(rows, true))).toEqual([true, true, false]);
  expect(isNews(9, true)).toBe(true);
  expect(isNews(10, true)).toBe(true);
});

function onRange() {
  const ranges = known(10);
  const [range] = ranges.pick({ ranges: 1, sequences: 10 });
  if (range === undefined) throw new Error("no range");
  return {
    isNews: (rows: number, isPassed: boolean, digest = `${rows}`) => ranges.isNews(range, { rows, digest }, isPassed),
  };
}
