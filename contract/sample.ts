import { z } from "zod";
import { NODE_KINDS } from "./node.ts";

const SAMPLE_VERSION = 2;

const known = z.number().nullable();
const perPartition = z.array(z.number()).nullable();

/** A node as its own protocol shows it to the monitor. `answers`: null if it has no protocol that the monitor can ask. */
const nodeSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(NODE_KINDS),
  answers: z.boolean().nullable(),
  /** "controller", "leader", "active", "standby", "primary", … as the node or its cluster says; null: unknown. */
  role: z.string().nullable(),
});
export type SampledNode = z.infer<typeof nodeSchema>;

/** One line of `samples.ndjson`: the run, once a second. What could not be asked is null: unknown, not zero. */
export const sampleSchema = z.strictObject({
  version: z.literal(SAMPLE_VERSION),
  at_ms: z.number(),
  /** When each source had answered: its figures were true then. null: it did not answer in time. */
  answered_ms: z.strictObject({ kafka: known, sink: known, latency: known, producer: known, nodes: known }),
  attempted: known,
  acknowledged: known,
  backlog: known,
  /** Sum of Kafka's log end offsets. */
  log_end: known,
  /** Per partition: log end offset; size of the ISR (0: no leader). */
  log_ends: perPartition,
  isr: perPartition,
  /** Partitions whose ISR is smaller than the replica set. */
  under_replicated: known,
  /** From sink_offsets, summed over partitions. */
  rows: known,
  dead_letters: known,
  duplicates: known,
  /** log_end minus the sum of next_offset. */
  lag: known,
  /** Event creation → durable in PostgreSQL, over the rows stored since the sample before. */
  latency_p50_ms: known,
  latency_p99_ms: known,
  latency_max_ms: known,
  /** Per partition, next_offset: recovery is measured by it. */
  next_offsets: perPartition,
  /** Per partition: how long ago the oldest record that is in the log but not stored was made, by its timestamp. 0: there is none; null: unknown. */
  unstored_age_ms: z.array(known).nullable(),
  nodes: z.array(nodeSchema),
  /** Ids of the faults that are active. */
  faults: z.array(z.number()),
});
export type Sample = z.infer<typeof sampleSchema>;

/** Every figure unknown. */
export const UNKNOWN_SAMPLE: Omit<Sample, "at_ms"> = {
  version: SAMPLE_VERSION,
  answered_ms: { kafka: null, sink: null, latency: null, producer: null, nodes: null },
  attempted: null,
  acknowledged: null,
  backlog: null,
  log_end: null,
  log_ends: null,
  isr: null,
  under_replicated: null,
  rows: null,
  dead_letters: null,
  duplicates: null,
  lag: null,
  latency_p50_ms: null,
  latency_p99_ms: null,
  latency_max_ms: null,
  next_offsets: null,
  unstored_age_ms: null,
  nodes: [],
  faults: [],
};

export function encodeSample(sample: Sample): string {
  return `${JSON.stringify(sample)}\n`;
}

/** @returns the sample, or undefined for a line that is damaged or of an unknown version. What version 1 did not have is unknown. */
export function decodeSample(line: string): Sample | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isOld = typeof value === "object" && value !== null && "version" in value && value.version === 1;
    return sampleSchema.safeParse(isOld ? { ...UNKNOWN_SAMPLE, ...value, version: SAMPLE_VERSION } : value).data;
  } catch {
    return undefined;
  }
}
