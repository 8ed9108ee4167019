import { z } from "zod";

const known = z.number().nullable();

/** One line of `samples.ndjson`: the run, once a second. What could not be asked is null: unknown, not zero. */
export const sampleSchema = z.strictObject({
  version: z.literal(1),
  at_ms: z.number(),
  attempted: known,
  acknowledged: known,
  backlog: known,
  /** Sum of Kafka's log end offsets. */
  log_end: known,
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
  /** Per partition, next_offset: recovery is measured by it. */
  next_offsets: z.array(z.number()).nullable(),
  /** Ids of the faults that are active. */
  faults: z.array(z.number()),
});
export type Sample = z.infer<typeof sampleSchema>;

export function encodeSample(sample: Sample): string {
  return `${JSON.stringify(sample)}\n`;
}

/** @returns the sample, or undefined for a line that is damaged or of another version. */
export function decodeSample(line: string): Sample | undefined {
  try {
    return sampleSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
