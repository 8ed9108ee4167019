/** From best to worst; of two, the later wins. */
export const VERDICTS = ["VALID", "VACUOUS", "SLO_BREACH", "STALLED", "UNKNOWN", "INVALID"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The worse of the two. */
export function worse(a: Verdict, b: Verdict): Verdict {
  return VERDICTS.indexOf(a) > VERDICTS.indexOf(b) ? a : b;
}

/** Exit codes of `validate` and `demo`. */
export const VERDICT_EXIT_CODES: Record<Verdict, number> = { VALID: 0, INVALID: 1, UNKNOWN: 2, STALLED: 3, SLO_BREACH: 3, VACUOUS: 4 };

/** Each anomaly's verdict, with its definition. "info" changes no verdict. */
export const ANOMALIES = {
  "lost-kafka": { verdict: "INVALID", definition: "acknowledged, in no record of the log, or another record at the acknowledged offset" },
  "lost-sink": { verdict: "INVALID", definition: "in the log at an offset below next_offset, but neither a row nor a dead letter" },
  unseen: { verdict: "STALLED", definition: "in the log at an offset not below next_offset when time ran out" },
  phantom: { verdict: "INVALID", definition: "a record, row or dead letter whose event was never attempted" },
  "failed-visible": { verdict: "INVALID", definition: "a definitely failed event that is present" },
  "duplicate-sink": { verdict: "INVALID", definition: "more than one row for an event" },
  "duplicate-log": { verdict: "INVALID", definition: "an event at more offsets than the ledger's attempts explain" },
  "repeated-in-log": { verdict: "info", definition: "an event at more than one offset, explained by the ledger's attempts; the sink stored it once" },
  corrupt: { verdict: "INVALID", definition: "a record's bytes or a row's column differ from the recomputed event" },
  reorder: { verdict: "INVALID", definition: "a later acknowledged sequence of a partition first stands at a lower offset" },
  "aggregate-mismatch": { verdict: "INVALID", definition: "a stored aggregate differs from the one recomputed from the log" },
  "offset-gap": {
    verdict: "INVALID",
    definition: "sink_offsets do not add up: next_offset - start_offset = rows + duplicates + dead letters, as counted in the log",
  },
  "foreign-run": { verdict: "INVALID", definition: "a record or row of another run" },
  "dead-letter-mismatch": {
    verdict: "INVALID",
    definition: "a malformed record without its dead letter, a dead letter for a well-formed one, or one with other bytes",
  },
  recovered: { verdict: "info", definition: "an indeterminate event that is present, once" },
  "not-recovered": { verdict: "info", definition: "an indeterminate event that is absent" },
} as const satisfies Record<string, { verdict: Verdict | "info"; definition: string }>;

export type AnomalyKind = keyof typeof ANOMALIES;

/** `ranges`: what is wrong, as text ("p3 #120-140" is sequences 120 to 140 of partition 3); at most 20, `count` has all. */
export type Anomaly = { kind: AnomalyKind; count: number; ranges: string[]; detail: string };

/** `verdict.json`. Counts are events unless their name says otherwise. */
export type VerdictFile = {
  version: 1;
  run_id: string;
  verdict: Verdict;
  /** Why it is not VALID; empty when it is. */
  reasons: string[];
  counts: {
    attempted: number;
    acknowledged: number;
    indeterminate: number;
    log_records: number;
    expected_rows: number;
    actual_rows: number;
    expected_dead_letters: number;
    actual_dead_letters: number;
    duplicates_in_log: number;
    aggregates_compared: number;
    faults_effective: number;
  };
  anomalies: Anomaly[];
  /** Planted anomalies that the checks found again, in a copy of this run's histories. */
  canary: { planted: number; found: number } | null;
  not_proved: string[];
  duration_ms: number;
  at_ms: number;
};
