import { expect, test } from "vitest";
import type { FaultHistory } from "../../contract/fault-history.ts";
import { type Sample, UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import { FaultWindow } from "./fault-window.ts";

const fault: FaultHistory = {
  id: 1,
  kind: "kill",
  node: "postgres",
  nodeKind: "postgres",
  undo: { how: "release", tag: "x" } as unknown as FaultHistory["undo"],
  injectedMs: 100_000,
  probedMs: 100_100,
  effective: true,
  healedMs: 105_000,
  readyMs: 108_000,
};

const sample = (atMs: number, ages: (number | null)[] | null): Sample => ({
  ...UNKNOWN_SAMPLE,
  at_ms: atMs,
  answered_ms: { ...UNKNOWN_SAMPLE.answered_ms, sink: atMs },
  unstored_age_ms: ages,
});

test("is from 5 s before the injection to 5 s after all partitions have stored what was made before the node was ready", () => {
  const window = new FaultWindow();
  const look = (last: Sample | undefined, nowMs = last?.at_ms ?? 0) => window.look(fault, last, nowMs);
  expect(look(undefined, 109_000)).toBeUndefined();
  // One partition is still at what was made before.
  expect(look(sample(110_000, [0, 3_000]))).toBeUndefined();
  expect(look(sample(111_000, [0, null]))).toBeUndefined();
  expect(look(sample(112_000, null))).toBeUndefined();
  expect(look(sample(113_000, [0, 400]))).toBeUndefined();
  // From here on only time passes, whatever happens next.
  expect(look(sample(118_000, [9_000, 400]))).toBeUndefined();
  expect(look(sample(118_001, null))).toEqual({ fromMs: 95_000, toMs: 118_000 });
});

test("ends after a bounded time if the events never come, or the node is never ready", () => {
  const behind = (atMs: number) => sample(atMs, [60_000]);
  expect(new FaultWindow().look(fault, behind(233_000), 233_000)).toBeUndefined();
  expect(new FaultWindow().look(fault, behind(233_001), 233_001)).toEqual({ fromMs: 95_000, toMs: 233_000 });
  const { readyMs: _ready, ...neverReady } = fault;
  expect(new FaultWindow().look(neverReady, sample(150_000, [0]), 230_000)).toBeUndefined();
  expect(new FaultWindow().look(neverReady, sample(150_000, [0]), 230_001)).toEqual({ fromMs: 95_000, toMs: 230_000 });
  // A monitor that comes an hour later does not read the hour.
  expect(new FaultWindow().look(fault, sample(3_600_000, [0]), 3_600_000)?.toMs).toBe(233_000);
});

test("there is none for a fault that was not injected, or is not undone", () => {
  const { healedMs: _healed, readyMs: _ready, ...active } = fault;
  expect(new FaultWindow().look(active, sample(900_000, [0]), 900_000)).toBeUndefined();
  expect(
    new FaultWindow().look({ ...fault, failed: "the node was down" }, sample(900_000, [0]), 900_000),
  ).toBeUndefined();
});
