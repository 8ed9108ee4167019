import { z } from "zod";

/**
 * `commits.ndjson`: for the time around each fault, the rows' commit times as PostgreSQL has them (`pg_xact_commit_timestamp`), read by the
 * monitor when events were visible again. Not chained: the validator does not rely on it.
 */
const natural = z.int().nonnegative();

/** The rows [from_sequence, to_sequence) of a partition that one transaction committed. `rows`: how many of these sequences are rows. */
const commit = z.strictObject({
  t: z.literal("commit"),
  partition: natural,
  from_sequence: natural,
  to_sequence: natural,
  rows: z.int().positive(),
  /** Microseconds since 1970: just before the transaction's commit record was flushed. */
  committed_us: natural,
});

/** All commits of the partition's sequences [from_sequence, to_sequence) are in the lines before; `fault`: for whose sake they were read. */
const read = z.strictObject({
  t: z.literal("read"),
  version: z.literal(1),
  fault: natural,
  partition: natural,
  from_sequence: natural,
  to_sequence: natural,
  at_ms: natural,
});

const recordSchema = z.discriminatedUnion("t", [commit, read]);
export type CommitsRecord = z.infer<typeof recordSchema>;
export type CommitRange = z.infer<typeof commit>;

export function encodeCommits(record: CommitsRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** @returns undefined for a line that is damaged or of another version. */
export function decodeCommits(line: string): CommitsRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
