import { describe, expect, it } from "vitest";
import { judge, type Round, type SinkBenchResult, summarize } from "./sink-result.ts";
import { renderSinkTable } from "./sink-table.ts";

const rounds: Round[] = [
  new Map([
    ["copy-2", 300_000],
    ["realtime", 180_000],
    ["staging", 45_000],
  ]),
  // A slow minute of the machine: rates fall, ratios hardly.
  new Map([
    ["copy-2", 100_000],
    ["realtime", 50_000],
    ["staging", 20_000],
  ]),
  new Map([
    ["copy-2", 320_000],
    ["realtime", 176_000],
    ["staging", 44_000],
  ]),
];

describe("summarize", () => {
  const rows = summarize(rounds, () => 1_000);
  it("takes ratios within a round, then their median", () => {
    const realtime = rows.find((row) => row.id === "realtime");
    expect(realtime).toMatchObject({ min: 50_000, median: 176_000, max: 180_000, rates: [180_000, 50_000, 176_000] });
    expect(realtime?.ratioToLimit).toBeCloseTo(0.55);
    expect(realtime?.ratioToStaging).toBeCloseTo(4);
  });
  it("has no ratio without the reference, and no row for what was not measured", () => {
    const alone = summarize([new Map([["realtime", 5]])], () => 1);
    expect(alone.map((row) => [row.id, row.ratioToLimit, row.ratioToStaging])).toEqual([["realtime", null, null]]);
    expect(judge(alone)).toEqual([]);
  });
  it("judges only what was measured, and can say missed", () => {
    expect(judge(rows).map((target) => [target.name, target.met])).toEqual([
      ["Real-time Mode / limit with 2 sessions", true],
      ["Real-time Mode / staging table", true],
    ]);
    const slow = summarize(
      [
        new Map([
          ["copy-2", 100],
          ["micro-batch", 39],
        ]),
      ],
      () => 1,
    );
    expect(judge(slow)).toEqual([
      { name: "micro-batch / limit with 2 sessions", wanted: 0.4, measured: 0.39, met: false },
    ]);
  });
});

describe("renderSinkTable", () => {
  it("shows machine, rates, ratios, partial drains and targets", () => {
    const rows = summarize(rounds, (id) => (id === "staging" ? 1_600_000 : 4_000_000));
    const result: SinkBenchResult = {
      version: 2,
      kind: "sink",
      atMs: 0,
      machine: { cores: 2, cpu: "a cpu", memoryGib: 24, busyBefore: 0.1, versions: { kafka: "4.4.0" } },
      pipeline: "payments",
      events: 4_000_000,
      meanRowBytes: 99,
      producedPerSecond: 1,
      copyClientShare: 0.2,
      runs: 3,
      rows,
      targets: judge(rows),
    };
    const text = renderSinkTable(result);
    expect(text).toContain("2 cores (a cpu), 24 GiB, 0.1 cores in use before the start; kafka 4.4.0");
    expect(text).toContain("| this sink, Real-time Mode | 50,000 / 176,000 / 180,000 | 0.55 | – | 4.00 |");
    expect(text).toContain("| foreachBatch, staging table, ON CONFLICT (first 1,600,000) |");
    expect(text).toContain("met     Real-time Mode / limit with 2 sessions: 0.55, wanted 0.50");
  });
});
