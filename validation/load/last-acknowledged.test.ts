import { expect, test } from "vitest";
import { fault, TimedRun } from "../fixture/timed-run.ts";
import { windowsOf } from "./fault-window.ts";
import { LastAcknowledged } from "./last-acknowledged.ts";

test("keeps each partition's last batch that was acknowledged before each undo", () => {
  const windows = windowsOf([
    fault("kafka", 50, 205),
    fault("kafka", 10, 1000),
    fault("kafka", 1, 2),
    fault("kafka", 300),
  ]);
  const last = new LastAcknowledged(windows);
  // Acknowledged at 5, 105, 205, ...; one of partition 1 at 206.
  for (const line of new TimedRun().produce(0, 500).add({ partition: 1, attemptMs: 600, ackMs: 2000 }).ledger)
    last.add(line);
  last.finish();
  const ends = windows.map((window) =>
    last.of(window).map(({ partition, endSequence }) => `${partition}:${endSequence}`),
  );
  expect(windows.map(({ toMs }) => toMs)).toEqual([2, 1000, 205, Infinity]);
  expect(ends.map((each) => each.toSorted((a, b) => a.localeCompare(b)))).toEqual([
    [],
    ["0:50", "1:50"],
    ["0:20", "1:20"],
    ["0:50", "1:60"],
  ]);
});

test("a batch ends where its last event ends", () => {
  const windows = windowsOf([fault("kafka", 50, 205)]);
  const last = new LastAcknowledged(windows);
  last.add({ t: "ack", p: 3, s: 40, n: 7, o: 60, at_ms: 100 });
  last.finish();
  expect(windows.map((window) => last.of(window))).toEqual([
    [{ partition: 3, endSequence: 47, endOffset: 67, atMs: 100 }],
  ]);
});
