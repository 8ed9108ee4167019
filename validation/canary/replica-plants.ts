import type { RandomStream } from "../../contract/random.ts";
import { batchesOf } from "../read/batch-bytes.ts";
import { BatchDigests, bucketDifferences } from "../witness/batch-digests.ts";
import { pickIndex } from "./lines.ts";
import type { PlantKind } from "./plant.ts";
import type { RunBytes } from "./run-bytes.ts";

/** Damage of a follower's copy, compared as a follower's answer is. @returns undefined: this run has no place for it. */
export type ReplicaPlant = {
  kind: PlantKind;
  name: string;
  isFound: (bytes: RunBytes, random: RandomStream) => boolean | undefined;
};

export const REPLICA_PLANTS: readonly ReplicaPlant[] = [
  {
    kind: "inconsistent-offset",
    name: "a bit of a follower's batch is flipped",
    isFound: (bytes, random) =>
      withCopy(bytes, random, (copy) => {
        const batch = batchesOf(copy)[0];
        if (batch === undefined) return undefined;
        const at = random.integer(21, batch.bytes.length - 1);
        batch.bytes[at] = (batch.bytes[at] as number) ^ (1 << random.integer(0, 7));
        return copy;
      }),
  },
  {
    kind: "inconsistent-offset",
    name: "a follower lacks a batch",
    isFound: (bytes, random) => withCopy(bytes, random, (copy) => copy.subarray(batchesOf(copy)[0]?.bytes.length ?? 0)),
  },
];

function withCopy(
  { log }: RunBytes,
  random: RandomStream,
  spoil: (copy: Buffer) => Buffer | undefined,
): boolean | undefined {
  const filled = log.filter(({ batches }) => batches.length > 0);
  const chosen = filled[pickIndex(random, filled) ?? -1];
  const spoilt = chosen && spoil(Buffer.from(chosen.batches));
  if (chosen === undefined || spoilt === undefined) return undefined;
  const { start, end, batches } = chosen;
  const [leader, follower] = [new BatchDigests(start, end), new BatchDigests(start, end)];
  leader.add(batches);
  const damaged = follower.add(spoilt, true);
  return damaged.length > 0 || bucketDifferences(leader.finish(), follower.finish()).length > 0;
}
