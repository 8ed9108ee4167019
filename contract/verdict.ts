import { z } from "zod";
import { NODE_KINDS } from "./node.ts";

/** From best to worst; of two verdicts, the later one wins. */
export const VERDICTS = ["VALID", "VACUOUS", "SLO_BREACH", "STALLED", "UNKNOWN", "INVALID"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The worse of the two. */
export function worse(a: Verdict, b: Verdict): Verdict {
  return VERDICTS.indexOf(a) > VERDICTS.indexOf(b) ? a : b;
}

/** Exit codes of `validate` and `demo`. */
export const VERDICT_EXIT_CODES: Record<Verdict, number> = {
  VALID: 0,
  INVALID: 1,
  UNKNOWN: 2,
  STALLED: 3,
  SLO_BREACH: 3,
  VACUOUS: 4,
};

/** Each anomaly's verdict, with its definition. "info" changes no verdict. */
export const ANOMALIES = {
  "lost-kafka": {
    verdict: "INVALID",
    definition: "an acknowledged event without a record in the log, or with another record at its offset",
  },
  "lost-sink": {
    verdict: "INVALID",
    definition: "an event in the log at an offset below next_offset that is neither a row nor a dead letter",
  },
  unseen: {
    verdict: "STALLED",
    definition: "an event in the log that the sink had not reached when time ran out (offset not below next_offset)",
  },
  phantom: { verdict: "INVALID", definition: "a record, row or dead letter of an event that was never attempted" },
  "failed-visible": { verdict: "INVALID", definition: "a definitely failed event that is present" },
  "duplicate-sink": { verdict: "INVALID", definition: "more than one row for an event" },
  "duplicate-log": {
    verdict: "INVALID",
    definition: "an event at more offsets in the log than the ledger's attempts explain",
  },
  "repeated-in-log": {
    verdict: "info",
    definition:
      "an event at more than one offset in the log, which the ledger's attempts explain; the sink stored it once",
  },
  corrupt: { verdict: "INVALID", definition: "a record or a row that differs from the recomputed event" },
  reorder: {
    verdict: "INVALID",
    definition: "a later event of a partition whose first record has a lower offset",
  },
  "aggregate-mismatch": {
    verdict: "INVALID",
    definition: "a stored aggregate, or its view, differs from the one recomputed from the log",
  },
  "offset-gap": {
    verdict: "INVALID",
    definition:
      "sink_offsets is not what the log gives: start_offset, next_offset, rows, duplicates and dead letters of each partition, and no other row; or its generation, writer or time can't be the sink's",
  },
  "foreign-run": { verdict: "INVALID", definition: "a record or row of another run" },
  "dead-letter-mismatch": {
    verdict: "INVALID",
    definition:
      "a malformed record without its dead letter, or a dead letter of a well-formed record, or with other bytes, another reason or a time outside the run",
  },
  "torn-batch": {
    verdict: "INVALID",
    definition: "a batch of the producer of which only a part is in the log, or that other records split",
  },
  vanished: {
    verdict: "INVALID",
    definition: "records or rows that the witness saw, and that were gone later",
  },
  rewound: {
    verdict: "INVALID",
    definition:
      "next_offset, generation or a high watermark that went back without a promotion, or is lower at the end than the witness saw it",
  },
  "failed-over": {
    verdict: "info",
    definition:
      "offsets that next_offset went back by when a standby of PostgreSQL was promoted (its timeline grew): their commits were lost; the run is only VALID if all was stored again",
  },
  "inconsistent-offset": {
    verdict: "INVALID",
    definition: "an offset with other records than the witness read there, or than another replica has",
  },
  "torn-visible": {
    verdict: "INVALID",
    definition: "a snapshot of the witness in which rows, dead letters, aggregates and counters do not agree",
  },
  rewritten: { verdict: "INVALID", definition: "rows that had another content when the witness read them" },
  "late-visible": {
    verdict: "INVALID",
    definition: "a row that could be seen only after next_offset had passed its event",
  },
  recovered: { verdict: "info", definition: "an indeterminate event that is present, once" },
  "not-recovered": { verdict: "info", definition: "an indeterminate event that is absent" },
} as const satisfies Record<string, { verdict: Verdict | "info"; definition: string }>;

export type AnomalyKind = keyof typeof ANOMALIES;

const count = z.number();

const anomaly = z.strictObject({
  kind: z.enum(Object.keys(ANOMALIES) as [AnomalyKind, ...AnomalyKind[]]),
  count,
  /** What is wrong, as text ("p3 #120-140" is sequences 120 to 140 of partition 3); at most 20, `count` has all. */
  ranges: z.array(z.string()),
  detail: z.string(),
});
export type Anomaly = z.infer<typeof anomaly>;

/** What happened to the faults of one kind of node. Each figure counts faults, and includes the next one's. */
const faultsOfKind = z.strictObject({
  node_kind: z.enum(NODE_KINDS),
  /** The effect probe saw an effect. */
  struck: count,
  /** Of these: work was under way on the path that the fault struck, between injection and undo. */
  under_load: count,
  /** Of these: the same path worked again after the undo. */
  recovered: count,
});
export type FaultsOfKind = z.infer<typeof faultsOfKind>;

/**
 * A setting that "acknowledged" or "committed" rests on, as the server itself reported it. `unknown`: with this value the claim is hollow, or
 * nobody can say; it makes the verdict UNKNOWN. `not-proved`: a line under "not proved". `recorded`: kept as evidence only.
 */
const premise = z.strictObject({
  /** "kafka.min.insync.replicas", "postgres.fsync", "sha256.ledger.ndjson". */
  name: z.string(),
  value: z.string(),
  verdict: z.enum(["holds", "unknown", "not-proved", "recorded"]),
  /** Why the value matters, as one sentence; empty for "recorded". */
  why: z.string(),
});
export type Premise = z.infer<typeof premise>;

/** A bound of the pipeline file's `slo`, or of a flag, and the worst that was measured. */
const sloResult = z.strictObject({
  /** The member's name in `slo`: "without_rows_ms". */
  bound: z.string(),
  limit: z.number(),
  /** The worst figure, in the unit of the bound's name; null: nothing was measured, so nobody knows. */
  worst: z.number().nullable(),
  /** The fault in whose window the worst figure lies, "fault 3 (kill of driver)"; empty: none. */
  fault: z.string(),
  is_exceeded: z.boolean(),
});
export type SloResult = z.infer<typeof sloResult>;

/** `verdict.json`. Counts are events unless their name says otherwise. */
export const verdictSchema = z.strictObject({
  version: z.literal(4),
  run_id: z.string(),
  verdict: z.enum(VERDICTS),
  /** Why it is not VALID; empty when it is. */
  reasons: z.array(z.string()),
  /** What flags have taken away from the claim of a full run, one phrase each: "no fault was required". */
  waived: z.array(z.string()),
  counts: z.strictObject({
    attempted: count,
    acknowledged: count,
    indeterminate: count,
    log_records: count,
    expected_rows: count,
    actual_rows: count,
    expected_dead_letters: count,
    actual_dead_letters: count,
    duplicates_in_log: count,
    aggregates_compared: count,
    faults_effective: count,
    /** Of the effective ones: those whose path was under load, and worked again afterwards. */
    faults_under_load: count,
    /** Values that could not be compared; more than none makes the verdict UNKNOWN. */
    uncompared: count,
  }),
  anomalies: z.array(anomaly),
  /** By kind of node, only kinds that were struck. */
  faults: z.array(faultsOfKind),
  premises: z.array(premise),
  slo: z.array(sloResult),
  /** Damage that was planted in this run's own bytes and found again by name, and the kinds of anomaly that were not planted. */
  canary: z.strictObject({ planted: count, found: count, kinds: count, untested: z.array(z.string()) }).nullable(),
  /** What was seen of the run while it went on. Null: nobody watched. */
  witness: z
    .strictObject({
      sessions: count,
      /** Within sessions, from the first line to the last. */
      watched_s: count,
      /** Records of the log. */
      records: count,
      /** Ranges of rows that were compared with the end. */
      row_ranges: count,
      /** Of counters, rows and aggregates together. */
      snapshots: count,
    })
    .nullable(),
  not_proved: z.array(z.string()),
  /** The evidence file that was judged instead of servers and run directory: its root (hex), and when it was taken; null: nobody can say. */
  evidence: z.strictObject({ root: z.string(), taken_ms: z.number().nullable() }).nullable(),
  duration_ms: z.number(),
  /** The most memory that the validator's process had (resident set), in MB. */
  peak_memory_mb: z.number(),
  at_ms: z.number(),
});
export type VerdictFile = z.infer<typeof verdictSchema>;
