import { describe, expect, test } from "vitest";
import { emptyHistories } from "../fixture/histories.ts";
import { BatchRuns } from "../histories/batch-runs.ts";
import type { PartitionHistory } from "../histories/histories.ts";
import { tornBatch } from "./torn-batch.ts";

/** Batches #0-3, #4-5 and #6. @param log sequences by offset; -1: a record that no event has. */
function rangesOf(log: readonly number[], firstOffset = 0): string[] {
  const histories = emptyHistories();
  const history = histories.partitions[3] as PartitionHistory;
  for (const [start, count] of [
    [0, 4],
    [4, 2],
    [6, 1],
  ] as const)
    history.batches.batch(start, count);
  const runs = new BatchRuns(history.batches, history.torn);
  for (const [index, sequence] of log.entries())
    if (sequence < 0) runs.end();
    else runs.add(history.batches.find(sequence), sequence, firstOffset + index);
  runs.end();
  return tornBatch.find(histories).flatMap(({ ranges }) => ranges);
}

describe("whole", () => {
  test.each([
    ["nothing", []],
    ["each once", [0, 1, 2, 3, 4, 5, 6]],
    ["whole copies", [0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 4, 5, 6, 6]],
    ["strangers between batches", [-1, 0, 1, 2, 3, -1, 4, 5, -1, 6]],
    ["in another order", [4, 5, 0, 1, 2, 3]],
  ])("%s", (_, log) => expect(rangesOf(log)).toEqual([]));
});

describe("torn", () => {
  test.each([
    ["the end is missing", [0, 1, 2, 4, 5], ["p3 #0-3"]],
    ["the beginning is missing", [1, 2, 3, 4, 5], ["p3 #0-3"]],
    ["the middle is missing", [0, 1, 3, 4, 5], ["p3 #0-3"]],
    ["the last one is not whole", [0, 1, 2, 3, 4], ["p3 #4-5"]],
    ["a stranger between", [0, 1, -1, 2, 3], ["p3 #0-3"]],
    ["another batch between", [0, 1, 6, 2, 3], ["p3 #0-3"]],
    ["a part of a second copy", [0, 1, 2, 3, 2, 3], ["p3 #0-3"]],
    ["one event twice", [0, 1, 1, 2, 3], ["p3 #0-3"]],
  ])("%s", (_, log, ranges) => expect(rangesOf(log)).toEqual(ranges));

  test("not where Kafka has deleted the beginning", () => expect(rangesOf([2, 3, 4, 5], 12)).toEqual([]));
});
