import type { VerdictFile } from "../contract/verdict.ts";

/** The verdict on a run of which nothing could be read: UNKNOWN, with the reasons. */
export function unreadVerdict(runId: string, reasons: string[], durationMs: number): VerdictFile {
  return {
    version: 4,
    run_id: runId,
    verdict: "UNKNOWN",
    reasons,
    waived: [],
    counts: {
      attempted: 0,
      acknowledged: 0,
      indeterminate: 0,
      log_records: 0,
      expected_rows: 0,
      actual_rows: 0,
      expected_dead_letters: 0,
      actual_dead_letters: 0,
      duplicates_in_log: 0,
      aggregates_compared: 0,
      faults_effective: 0,
      faults_under_load: 0,
      uncompared: 0,
    },
    anomalies: [],
    faults: [],
    premises: [],
    slo: [],
    canary: null,
    witness: null,
    not_proved: ["anything: nothing was judged"],
    evidence: null,
    duration_ms: Math.round(durationMs),
    peak_memory_mb: Math.round(process.resourceUsage().maxRSS / 1000),
    at_ms: Date.now(),
  };
}
