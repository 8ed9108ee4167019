import { bucketDifferences, type BucketDigest } from "../witness/batch-digests.ts";
import type { ReplicaCopies } from "./replica-copies.ts";

/** `differences`: what a follower has otherwise, as sentences. `unread`: followers that could not be read to the end, as sentences. */
export type CopiesCompared = { differences: string[]; unread: string[] };

/** Compares the followers' copies batch by batch with what the leaders gave. @param leaders by partition. */
export function compareCopies(
  { copies, skipped, problem }: ReplicaCopies,
  leaders: ReadonlyMap<number, readonly BucketDigest[]>,
): CopiesCompared {
  const result: CopiesCompared = { differences: [], unread: [] };
  if (problem !== null) result.unread.push(`copies of the log on followers: nobody says where they are (${problem})`);
  for (const { broker, partition, read_to: readTo, failure, damaged, buckets } of copies) {
    const told = (text: string) => `p${partition} on broker ${broker}: ${text}`;
    result.differences.push(...damaged.map((base) => told(`the batch at offset ${base} does not fit its own CRC`)));
    if (failure === null)
      result.differences.push(...bucketDifferences(leaders.get(partition) ?? [], buckets).map(told));
    else
      result.unread.push(
        `the copy of partition ${partition} on broker ${broker}: read only up to offset ${readTo}: ${failure}`,
      );
  }
  for (const { broker, partitions } of skipped)
    result.unread.push(`the copies of ${partitions} more partitions on broker ${broker}: not read`);
  return result;
}
