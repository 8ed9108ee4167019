import { expect, test } from "vitest";
import { SampleFigures } from "./sample-figures.ts";

const AT_MS = Date.UTC(2026, 6, 1);
const sample = (atMs: number, attempted: number | null, acknowledged: number | null = null) => ({
  at_ms: AT_MS + atMs,
  attempted,
  acknowledged,
  faults: [],
});
const line = (atMs: number, attempted: number, acknowledged = 0): [number, number, number] => [
  AT_MS + atMs,
  attempted,
  acknowledged,
];

/** What the samples say against a ledger whose lines come to these figures: time, attempted, acknowledged. */
function told(samples: ReturnType<typeof sample>[], lines: [number, number, number][]): string[] {
  const figures = new SampleFigures(samples);
  for (const [atMs, attempted, acknowledged] of lines) figures.follow(atMs, { attempted, acknowledged });
  const [, attempted = 0, acknowledged = 0] = lines.at(-1) ?? [];
  figures.finish({ attempted, acknowledged });
  return figures.problems;
}
const more = (name: string, figure: number, had: number, second = 0) => [
  `samples.ndjson says ${name} ${figure} at 2026-07-01T00:00:0${second}.000Z, but the ledger has ${had} about then`,
];

test("the ledger may have more than a sample, never less", () => {
  expect(told([sample(0, 9, 5)], [line(0, 10, 5)])).toEqual([]);
  expect(told([sample(0, 10, 5)], [line(0, 10, 5)])).toEqual([]);
  expect(told([sample(0, 11, 5)], [line(0, 10, 5)])).toEqual(more("attempted", 11, 10));
  expect(told([sample(0, 10, 6)], [line(0, 10, 5)])).toEqual(more("acknowledged", 6, 5));
  expect(told([sample(0, 1)], [])).toEqual(more("attempted", 1, 0));
});

test("a sample that did not know the figures says nothing", () => {
  expect(told([sample(0, null), sample(1000, null)], [line(0, 10)])).toEqual([]);
});

test("before its first line the ledger has nothing", () => {
  expect(told([sample(-20_000, 0, 0)], [line(0, 10)])).toEqual([]);
  expect(told([sample(0, 1)], [line(20_000, 10)])).toEqual(more("attempted", 1, 0));
});

test("what came up to 10 s after the sample counts, what came later does not", () => {
  expect(told([sample(0, 10)], [line(0, 5), line(10_000, 10)])).toEqual([]);
  expect(told([sample(0, 10)], [line(0, 5), line(10_001, 10)])).toEqual(more("attempted", 10, 5));
  expect(told([sample(0, 0, 3)], [line(0, 5, 2), line(10_001, 10, 3)])).toEqual(more("acknowledged", 3, 2));
});

test("each sample is held against the figures of its own time", () => {
  const lines = [line(0, 5), line(20_000, 6), line(40_000, 9)];
  expect(told([sample(0, 5), sample(5000, 5), sample(29_999, 6), sample(31_000, 9)], lines)).toEqual([]);
  expect(told([sample(0, 5), sample(5000, 6)], lines)).toEqual(more("attempted", 6, 5, 5));
  expect(told([sample(0, 10), sample(1000, 10)], lines)).toEqual(more("attempted", 10, 5));
});

test.each([
  ["attempted", [sample(0, 5, 5), sample(1000, 4, 5)], "5 to 4"],
  ["acknowledged", [sample(0, 9, 5), sample(1000, 9, 3)], "5 to 3"],
  ["attempted", [sample(0, 1), sample(1, 5), sample(2, null), sample(3, 4), sample(4, 2)], "5 to 4"],
])("a figure that goes down is named, and then nothing more: %s", (name, samples, change) => {
  expect(told(samples, [line(0, 0)])).toEqual([`samples.ndjson: ${name} goes down from ${change}`]);
});

test("a figure that stays is fine", () => {
  expect(told([sample(0, 5, 5), sample(1000, 5, 5)], [line(0, 5, 5)])).toEqual([]);
});
