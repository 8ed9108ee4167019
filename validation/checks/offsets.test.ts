import { expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import type { SinkOffset } from "../histories/histories.ts";
import { offsetGap } from "./offsets.ts";

function rangesAfter(change: (sink: SinkOffset) => void): string[] {
  const histories = emptyHistories();
  change(soundPartition(histories, 1, 50).sink as SinkOffset);
  return offsetGap.find(histories).flatMap(({ ranges }) => ranges);
}

test("adds up, or says what does not", () => {
  expect(rangesAfter(() => undefined)).toEqual([]);
  expect(rangesAfter((sink) => (sink.startOffset = 2))).toEqual([
    "p1: next_offset 50 - start_offset 2 = 48, but rows 50 + duplicates 0 + dead letters 0 = 50",
    "p1: start_offset 2 is above 0, the first offset of the log",
  ]);
  expect(
    rangesAfter((sink) => {
      sink.rows -= 1;
      sink.deadLetters += 1;
    }),
  ).toEqual([
    "p1: rows is 49, but the log below next_offset has 50",
    "p1: dead_letters is 1, but the log below next_offset has 0",
  ]);
  expect(
    rangesAfter((sink) => {
      sink.rows += 1;
      sink.nextOffset += 1;
    }),
  ).toContain("p1: next_offset 51 is beyond the log's end 50");
});

test("a partition without a row in sink_offsets, though it has rows; without any it is only late", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 1, 50);
  history.sink = undefined;
  expect(offsetGap.find(histories)).toMatchObject([
    { count: 1, ranges: ["p1: no row in sink_offsets, but rows or dead letters, and the log has offsets 0 to 49"] },
  ]);
  for (let sequence = 0; sequence < 50; sequence++) history.rows.remove(sequence);
  expect(offsetGap.find(histories)).toEqual([]);
});

test("figures that add up among themselves, but not with the log", () => {
  expect(
    rangesAfter((sink) => {
      sink.startOffset -= 1_000_000;
      sink.rows += 1_000_000;
    }),
  ).toEqual([
    "p1: start_offset -1000000 is below 0, where no log begins",
    "p1: rows is 1000050, but the log below next_offset has 50",
  ]);
  for (const name of ["startOffset", "nextOffset", "rows", "duplicates", "deadLetters"] as const)
    for (const change of [-1_000_000, -1, 1, 1_000_000])
      expect(
        rangesAfter((sink) => (sink[name] += change)),
        `${name} ${change}`,
      ).not.toEqual([]);
});

test("after retention, figures may be higher than the log's, but not lower", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 1, 50);
  history.log = { start: 10, end: 50, next: 50, records: 40 };
  history.dueRows = 40;
  expect(offsetGap.find(histories)).toEqual([]);
  history.dueRows = 51;
  expect(offsetGap.find(histories)).toMatchObject([{ count: 1 }]);
});

test("a partition without a row, though the sink makes all rows at once", () => {
  const histories = emptyHistories();
  soundPartition(histories, 1, 50);
  const empty = soundPartition(histories, 2, 0);
  empty.log = { start: 0, end: 0, next: 0, records: 0 };
  expect(offsetGap.find(histories)).toEqual([]);
  empty.sink = undefined;
  expect(offsetGap.find(histories)).toMatchObject([
    { count: 1, ranges: ["p2: no row in sink_offsets, but other partitions have one"] },
  ]);
});

test("a row of an event that was not applied", () => {
  const histories = emptyHistories();
  soundPartition(histories, 1, 50).due.clear(49);
  expect(offsetGap.find(histories)).toMatchObject([{ count: 1, ranges: ["p1 #49"] }]);
});

test("a partition without a row in sink_offsets, though it has a dead letter", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 1, 0);
  history.log = { start: 0, end: 3, next: 3, records: 3 };
  history.sink = undefined;
  expect(offsetGap.find(histories)).toEqual([]);
  history.letters.add(0, 0);
  expect(offsetGap.find(histories)).toMatchObject([
    { ranges: ["p1: no row in sink_offsets, but rows or dead letters, and the log has offsets 0 to 2"] },
  ]);
});

test("repetitions count as applied", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 1, 50);
  history.sink = { startOffset: 0, nextOffset: 57, rows: 50, duplicates: 5, deadLetters: 2 };
  Object.assign(history, { dueDuplicates: 5, dueLetters: 2, log: { start: 0, end: 57, next: 57, records: 57 } });
  expect(offsetGap.find(histories)).toEqual([]);
});

test("with too many unknown events to count them, figures must only add up among themselves", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 1, 50);
  history.dueRows = 40;
  expect(offsetGap.find(histories)).toMatchObject([{ count: 1 }]);
  histories.strays.overflow = 1;
  expect(offsetGap.find(histories)).toEqual([]);
  if (history.sink !== undefined) history.sink.rows += 1;
  expect(offsetGap.find(histories)).toMatchObject([{ count: 1 }]);
});

test("rows that do not belong to the run are counted all, and named some", () => {
  const histories = emptyHistories();
  histories.oddOffsets = { count: 7, examples: ["one", "two", "three"] };
  expect(offsetGap.find(histories)).toMatchObject([{ count: 7, ranges: ["one", "two", "three"] }]);
});
