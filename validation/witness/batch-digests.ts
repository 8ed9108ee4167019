import { crc32 } from "node:zlib";
import { crc32c } from "@platformatic/kafka";
import { batchesOf } from "../read/batch-bytes.ts";

/** The batches that begin at offsets [from, from + BUCKET) of a partition. */
export type BucketDigest = { from: number; batches: number; digest: number };

/** Offsets of one bucket: memory grows by one entry for so many. */
const BUCKET = 4096;
const CRC_AT = 17;
const CHECKED_FROM = 21;
const ENTRY_BYTES = 16;

/**
 * Sums up a partition's batches, bucket by bucket: base offset, number of records and the CRC that the batch has of its own bytes. A follower keeps
 * a leader's batches as they are, so both have the same.
 */
export class BatchDigests {
  readonly #done: BucketDigest[] = [];
  readonly #entry = Buffer.alloc(ENTRY_BYTES);
  #current: BucketDigest | undefined;
  #next: number;
  readonly #end: number;

  /** @param start batches that end below are left out. @param end so are those that begin there or beyond. */
  constructor(start: number, end: number) {
    this.#next = start;
    this.#end = end;
  }

  /** The offset behind the last batch. */
  get next(): number {
    return this.#next;
  }

  /**
   * Takes whole batches, in their order; those that were taken before are left out.
   * @param isChecked also compare each batch with its own CRC. @returns the base offsets of batches whose bytes do not fit it.
   */
  add(bytes: Buffer, isChecked = false): number[] {
    const damaged: number[] = [];
    for (const { base, count, bytes: batch } of batchesOf(bytes)) {
      if (base + count <= this.#next || base >= this.#end) continue;
      this.#next = base + count;
      const crc = batch.readUInt32BE(CRC_AT);
      if (isChecked && crc32c(batch.subarray(CHECKED_FROM)) !== crc) damaged.push(base);
      this.#add(base, count, crc);
    }
    return damaged;
  }

  /** Call this after the last batch. */
  finish(): BucketDigest[] {
    if (this.#current !== undefined) this.#done.push(this.#current);
    this.#current = undefined;
    return this.#done;
  }

  #add(base: number, count: number, crc: number): void {
    const from = base - (base % BUCKET);
    if (this.#current?.from !== from) {
      if (this.#current !== undefined) this.#done.push(this.#current);
      this.#current = { from, batches: 0, digest: 0 };
    }
    this.#entry.writeBigInt64BE(BigInt(base), 0);
    this.#entry.writeInt32BE(count, 8);
    this.#entry.writeUInt32BE(crc, 12);
    this.#current.batches += 1;
    this.#current.digest = crc32(this.#entry, this.#current.digest);
  }
}

/** @returns where a follower's batches differ from the leader's, as sentences about it. */
export function bucketDifferences(leader: readonly BucketDigest[], follower: readonly BucketDigest[]): string[] {
  const theirs = new Map(follower.map((bucket) => [bucket.from, bucket]));
  const ours = new Set(leader.map(({ from }) => from));
  return [
    ...leader.flatMap(({ from, batches, digest }) => {
      const found = theirs.get(from);
      if (found?.digest === digest && found.batches === batches) return [];
      return [`${rangeText(from)}: ${found?.batches ?? 0} batches, which are not the ${batches} of the leader`];
    }),
    ...follower
      .filter(({ from }) => !ours.has(from))
      .map(({ from, batches }) => `${rangeText(from)}: ${batches} batches, where the leader has none`),
  ];
}

function rangeText(from: number): string {
  return `offsets ${from}-${from + BUCKET - 1}`;
}
