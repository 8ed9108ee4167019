import { describe, expect, it } from "vitest";
import { percentile } from "./flush-probe.ts";
import { judgeLatency, type LatencyRow } from "./latency-result.ts";
import { renderLatencyTable } from "./latency-table.ts";
import { chooseOnly, wholeNumber } from "./options.ts";

const row: LatencyRow = {
  id: "realtime",
  title: "Real-time Mode",
  rows: 300_000,
  p50Ms: 16.04,
  p90Ms: 30,
  p99Ms: 251,
  p999Ms: 400,
  maxMs: 1_234,
  throttled: 0,
  flushP50Ms: 2,
  flushP99Ms: null,
};

describe("latency", () => {
  it("judges Real-time Mode alone", () => {
    expect(judgeLatency([row]).map((target) => target.met)).toEqual([true, false]);
    expect(judgeLatency([{ ...row, id: "micro-batch" }])).toEqual([]);
  });
  it("is shown with its circumstances", () => {
    const text = renderLatencyTable({
      version: 2,
      kind: "latency",
      atMs: 0,
      machine: { cores: 2, cpu: "a cpu", memoryGib: 24, busyBefore: 0.1, versions: {} },
      pipeline: "payments",
      eventsPerSecond: 5_000,
      brokerWarmUpMs: 45_000,
      burstEvents: 300_000,
      lingerMs: 10,
      warmUpMs: 15_000,
      durationMs: 60_000,
      rows: [row, { ...row, id: "micro-batch", title: "micro-batch", throttled: 7 }],
      targets: judgeLatency([row]),
    });
    expect(text).toContain("| Real-time Mode | 300,000 | 16.0 | 30.0 | 251 | 400 | 1,234 | 2.0 / – |");
    expect(text).toContain("| micro-batch; 7 events held back |");
    expect(text).toContain("MISSED  Real-time Mode p99: 251.0 ms, wanted 250 ms at most");
  });
  it("percentile is a value that occurred", () => {
    expect([0, 0.5, 0.75, 0.99, 1].map((share) => percentile([1, 2, 3, 4], share))).toEqual([1, 2, 3, 4, 4]);
    expect(percentile([], 0.5)).toBeNull();
  });
});

describe("options", () => {
  it("names what it does not know", () => {
    expect(() => chooseOnly(["a", "b"], ["a", "c"])).toThrow('no variant "c"');
    expect(chooseOnly(["a", "b"], [])).toEqual(["a", "b"]);
    expect(chooseOnly(["a", "b"], ["b"])).toEqual(["b"]);
    expect(() => wholeNumber("events", 1.5, 1)).toThrow("events must be a whole number of at least 1, not 1.5");
  });
});
