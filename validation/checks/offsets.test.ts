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
    "p1: start_offset 2 is above 0, where the log begins",
  ]);
  expect(
    rangesAfter((sink) => {
      sink.rows -= 1;
      sink.deadLetters += 1;
    }),
  ).toEqual(["p1: rows is 49, the log below next_offset has 50", "p1: dead_letters is 1, the log below next_offset has 0"]);
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

test("a row of an event that was not applied", () => {
  const histories = emptyHistories();
  soundPartition(histories, 1, 50).due.clear(49);
  expect(offsetGap.find(histories)).toMatchObject([{ count: 1, ranges: ["p1 #49"] }]);
});
