import { expect, test } from "vitest";
import type { VerdictFile } from "../contract/verdict.ts";
import { printVerdict } from "./print-verdict.ts";

const file: VerdictFile = {
  version: 4,
  run_id: "r",
  verdict: "VALID",
  reasons: [],
  waived: [],
  counts: {
    attempted: 1_234_567,
    acknowledged: 1,
    indeterminate: 2,
    log_records: 3,
    expected_rows: 41,
    actual_rows: 42,
    expected_dead_letters: 5,
    actual_dead_letters: 6,
    duplicates_in_log: 7,
    aggregates_compared: 8,
    faults_effective: 9,
    faults_under_load: 10,
    uncompared: 0,
  },
  anomalies: [],
  faults: [],
  premises: [],
  slo: [],
  canary: { planted: 13, found: 13, kinds: 13, untested: [] },
  witness: { sessions: 1, watched_s: 60, records: 1_000, row_ranges: 12, snapshots: 30 },
  not_proved: ["fsync"],
  evidence: null,
  duration_ms: 1500,
  peak_memory_mb: 150,
  at_ms: 0,
};

function lastLine(verdict: VerdictFile): string | undefined {
  return printVerdict(verdict).trimEnd().split("\n").at(-1);
}

test("the last line says the verdict", () => {
  const lines = printVerdict(file).trimEnd().split("\n");
  expect(lines.at(-1)).toBe("VALIDATION PASSED: zero data loss");
  expect(lines.join("\n")).toContain("1,234,567");
});

test("the last line says what flags have taken away", () => {
  expect(lastLine({ ...file, waived: ["no fault was required"] })).toBe(
    "VALIDATION PASSED: zero data loss (no fault was required)",
  );
  expect(lastLine({ ...file, waived: ["no fault was required", "the checks were not tested by a canary"] })).toBe(
    "VALIDATION PASSED: zero data loss (no fault was required; the checks were not tested by a canary)",
  );
});

test("a verdict from evidence says so, with the root", () => {
  const evidence = { root: "ab".repeat(32), taken_ms: Date.UTC(2026, 6, 1) };
  expect(lastLine({ ...file, evidence })).toBe("VALIDATION PASSED: zero data loss (judged from evidence)");
  expect(printVerdict({ ...file, evidence })).toContain(`taken 2026-07-01T00:00:00.000Z   root ${"ab".repeat(32)}\n`);
  expect(printVerdict({ ...file, evidence: { ...evidence, taken_ms: null } })).toContain("taken at an unknown time");
});

test("premises are counted, not listed", () => {
  expect(printVerdict(file)).not.toContain("premises");
  const premises = (["holds", "holds", "recorded", "unknown"] as const).map((verdict) => ({
    name: "n",
    value: "v",
    verdict,
    why: "",
  }));
  const text = printVerdict({ ...file, premises });
  expect(text).toContain("  premises             2 hold   1 recorded   0 not proved   1 unknown\n");
});

test("each kind of node that was struck has a line", () => {
  const faults = [{ node_kind: "spark-worker", struck: 12, under_load: 3, recovered: 2 } as const];
  expect(printVerdict({ ...file, faults })).toContain(
    "    spark-worker       struck 12   under load 3   recovered 2\n",
  );
});

test("each bound has a line with its worst figure and the fault", () => {
  const slo = [
    { bound: "without_rows_ms", limit: 1000, worst: 2500, fault: "fault 3 (kill of driver)", is_exceeded: true },
    { bound: "calm_p99_ms", limit: 100, worst: null, fault: "", is_exceeded: false },
  ];
  const text = printVerdict({ ...file, slo });
  expect(text).toMatch(/ bound without_rows_ms +1,000 {3}worst 2,500 EXCEEDED {3}fault 3 \(kill of driver\)\n/);
  expect(text).toMatch(/ bound calm_p99_ms +100 {3}worst unknown\n/);
});

test("a failure names anomaly, definition, count, ranges and reason", () => {
  const text = printVerdict({
    ...file,
    verdict: "INVALID",
    reasons: ["because"],
    anomalies: [{ kind: "lost-sink", count: 3, ranges: ["p3 #1-3"], detail: "d" }],
  });
  expect(text).toContain("ANOMALY lost-sink: 3 (an event in the log at an offset below next_offset");
  expect(text).toContain("p3 #1-3");
  expect(text.trimEnd().split("\n").at(-1)).toBe("VALIDATION FAILED: INVALID: the data is wrong: because");
});
