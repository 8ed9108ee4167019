import { expect, test } from "vitest";
import { eventNumber } from "../../contract/event.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import { readRowTimes } from "./row-times.ts";

/** Rows by event, with the time of their commit. */
function table(rows: [partition: number, sequence: number, committedMs: number][]): LookUpRows {
  const stored = rows.map(([partition, sequence, committedMs]) => ({
    event: eventNumber(partition, sequence),
    committedMs,
  }));
  return async (questions) =>
    questions.map(({ low, high, pick }) => {
      const found = stored.filter(({ event }) => event >= low && event <= high).toSorted((a, b) => a.event - b.event);
      const place = { first: 0, last: -1 }[pick];
      if (place === undefined) throw new Error(`pick is ${pick as string}`);
      return found.at(place) as never;
    });
}
const batch = (partition: number, endSequence: number) => ({ partition, endSequence, endOffset: 0, atMs: 0 });

test("the first and the last commit of all partitions, and the last row up to each batch", async () => {
  const rows = table([
    [0, 0, 500],
    [0, 9, 700],
    [0, 10, 900],
    [1, 0, 300],
    [1, 1, 400],
    [2, 0, 600],
    [2, 5, 950],
    [3, 0, 100],
  ]);
  const [nine, ten, none] = [batch(0, 10), batch(0, 11), batch(1, 0)];
  const times = await readRowTimes(rows, 3, [nine, ten, none]);
  // Partition 3 is not of this run.
  expect([times.firstMs, times.lastMs]).toEqual([300, 950]);
  expect([nine, ten, none].map((each) => times.committedMs(each))).toEqual([700, 900, undefined]);
  expect(times.committedMs(batch(0, 10))).toBeUndefined();
});

test("partitions without rows say nothing", async () => {
  const times = await readRowTimes(table([[1, 0, 300]]), 3, []);
  expect([times.firstMs, times.lastMs]).toEqual([300, 300]);
  const empty = await readRowTimes(table([]), 3, []);
  expect([empty.firstMs, empty.lastMs]).toEqual([undefined, undefined]);
});
