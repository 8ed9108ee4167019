import { expect, test } from "vitest";
import type { VerdictFile } from "../contract/verdict.ts";
import { printVerdict } from "./print-verdict.ts";

const file: VerdictFile = {
  version: 1,
  run_id: "r",
  verdict: "VALID",
  reasons: [],
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
  },
  anomalies: [],
  canary: { planted: 13, found: 13 },
  not_proved: ["fsync"],
  duration_ms: 1500,
  at_ms: 0,
};

test("the last line says the verdict", () => {
  const lines = printVerdict(file).trimEnd().split("\n");
  expect(lines.at(-1)).toBe("VALIDATION PASSED: zero data loss");
  expect(lines.join("\n")).toContain("1,234,567");
});

test("a failure names anomaly, definition, count, ranges and reason", () => {
  const text = printVerdict({
    ...file,
    verdict: "INVALID",
    reasons: ["because"],
    anomalies: [{ kind: "lost-sink", count: 3, ranges: ["p3 #1-3"], detail: "d" }],
  });
  expect(text).toContain("ANOMALY lost-sink: 3 (in the log at an offset below next_offset");
  expect(text).toContain("p3 #1-3");
  expect(text.trimEnd().split("\n").at(-1)).toBe("VALIDATION FAILED: INVALID: the data is wrong: because");
});
