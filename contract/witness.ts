import { z } from "zod";
import { LogReader } from "./log-line.ts";

/**
 * `witness.ndjson`: what a monitor saw of log and tables while the run went on, so that the validator can tell whether it is still there. A
 * chained log (log-line.ts). The lines that can follow each other: witness-grammar.ts.
 */
export const WITNESS_VERSION = 1;

const natural = z.int().nonnegative();
const partition = z.int().nonnegative();

/**
 * Of the server that answered: it grows with each promotion of a standby. Absent: an older witness, or the server was a standby. Figures may only go
 * back together with a later timeline: commits that the promoted server never had are gone then.
 */
const timeline = { timeline: z.int().positive().optional() };

/** The monitor began to watch. `session`: 1, 2, … Between two sessions nobody watched. */
const open = z.strictObject({
  t: z.literal("open"),
  version: z.literal(WITNESS_VERSION),
  run: z.int(),
  session: z.int().positive(),
  pid: z.int(),
  at_ms: z.int(),
});

/** The records that were read of the offsets [from, to) of a partition; their digest is that of record-digest.ts, begun anew for each line. */
const log = z.strictObject({
  t: z.literal("log"),
  partition,
  from: natural,
  to: natural,
  records: natural,
  digest: z.string().regex(/^[0-9a-f]{8}$/),
  at_ms: z.int(),
});

/** The partition's high watermark: when it is another than before, and every few seconds, so that a time without a line is one in which nobody saw it. */
const ends = z.strictObject({ t: z.literal("ends"), partition, high_watermark: natural, at_ms: z.int() });

/** The partition's line of sink_offsets, when it was another than before. `at_ms`: when the answer was there, so it was committed before. */
const offsets = z.strictObject({
  t: z.literal("offsets"),
  partition,
  next_offset: z.int(),
  generation: z.int(),
  rows: z.int(),
  duplicates: z.int(),
  dead_letters: z.int(),
  ...timeline,
  /** When the partition was last seen without this change: it was committed after that, and before `at_ms`. Absent: it was not seen before. */
  after_ms: z.int().optional(),
  at_ms: z.int(),
});

/**
 * The rows of the run's sequences [from, to) of a partition in one snapshot, with their digest (rows-digest.ts). `at_ms`: just before the snapshot
 * was taken, so whatever was committed before is in it.
 */
const rows = z.strictObject({
  t: z.literal("rows"),
  partition,
  from: natural,
  to: natural,
  rows: natural,
  digest: z.string().regex(/^-?\d+$/),
  ...timeline,
  at_ms: z.int(),
});

/**
 * Counters and tables of all partitions in one snapshot. `rows`, `dead_letters`: the sums that sink_offsets says; `counted_…`: what is in the
 * tables. `aggregates`: the events that each view comes to, null where asking costs too much now. `at_ms`: as in `rows`.
 */
const totals = z.strictObject({
  t: z.literal("totals"),
  next_offset: z.int(),
  rows: z.int(),
  counted_rows: natural,
  dead_letters: z.int(),
  counted_dead_letters: natural,
  aggregates: z.record(z.string(), z.int().nullable()),
  agree: z.boolean(),
  /** What disagreed, as sentences. */
  problems: z.array(z.string()),
  ...timeline,
  at_ms: z.int(),
});

/** An orderly stop. `lines`: those of the whole file before this one. */
const close = z.strictObject({ t: z.literal("close"), lines: natural, at_ms: z.int() });

const recordSchema = z.discriminatedUnion("t", [open, log, ends, offsets, rows, totals, close]);

export type WitnessRecord = z.infer<typeof recordSchema>;
export type WitnessOf<T extends WitnessRecord["t"]> = Extract<WitnessRecord, { t: T }>;

/** @returns a reader of one witness file's lines. */
export function witnessReader(): LogReader<WitnessRecord> {
  return new LogReader(WITNESS_VERSION, (value) => recordSchema.safeParse(value).data);
}
