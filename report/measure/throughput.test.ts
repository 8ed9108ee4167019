import { expect, test } from "vitest";
import type { Sample } from "../../contract/sample.ts";
import { sampleAt } from "../fixture/recovery.ts";
import { figuresOf } from "./throughput.ts";

/** 100 events a second, stored at once, but for seconds 30 to 39, in which the producer is stopped. */
const SAMPLES: Sample[] = Array.from({ length: 61 }, (_, second) => {
  const events = 100 * (second <= 30 ? second : second <= 40 ? 30 : second - 10);
  return sampleAt(second * 1_000, {
    acknowledged: events,
    rows: second < 5 ? 0 : events,
    lag: second < 5 ? events : 0,
  });
});
const counts = (calm: Parameters<typeof figuresOf>[1]) => {
  const { all, calm: outside, during } = figuresOf(SAMPLES, calm);
  return [all.samples, outside.samples, during.samples];
};

test("calm, faults, and the rest", () => {
  expect(counts({ windows: [], steadyMs: 0 })).toEqual([60, 60, 0]);
  expect(counts({ windows: [{ fromMs: 10_500, toMs: 12_500 }], steadyMs: 0 })).toEqual([60, 57, 3]);
});

test("before every partition has rows, nothing is calm", () => {
  expect(counts({ windows: [], steadyMs: 5_000 })).toEqual([60, 55, 0]);
  expect(figuresOf(SAMPLES, { windows: [], steadyMs: 5_000 }).calm.rowsPerS?.highest).toBe(100);
  expect(figuresOf(SAMPLES, { windows: [], steadyMs: 0 }).calm.rowsPerS?.highest).toBe(500);
});

test("of a run that never was steady, nothing is calm", () => {
  expect(counts({ windows: [], steadyMs: undefined })).toEqual([60, 0, 0]);
});

test("between two productions nothing flows, unless something is left to store", () => {
  const pauses = [{ fromMs: 30_000, toMs: 40_000 }];
  expect(counts({ windows: [], steadyMs: 0, pauses })).toEqual([50, 50, 0]);
  expect(figuresOf(SAMPLES, { windows: [], steadyMs: 0, pauses }).all.acknowledgedPerS?.lowest).toBe(100);
  const behind = SAMPLES.map((sample) => ({ ...sample, lag: sample.at_ms === 35_000 ? 1 : sample.lag }));
  expect(figuresOf(behind, { windows: [], steadyMs: 0, pauses }).all.samples).toBe(51);
});
