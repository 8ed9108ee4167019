import { createRecordsBatch } from "@platformatic/kafka";
import { expect, test } from "vitest";
import { BatchDigests, bucketDifferences } from "./batch-digests.ts";

function batch(base: number, count: number, value = "v"): Buffer {
  const messages = Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(`k${base + index}`),
    value: Buffer.from(value),
    topic: "t",
    timestamp: 1n,
  }));
  const bytes = Buffer.from(createRecordsBatch(messages, { compression: "none" }).buffer);
  bytes.writeBigInt64BE(BigInt(base), 0);
  return bytes;
}

const batches = Array.from({ length: 300 }, (_, index) => batch(index * 20, 20));
const END = 300 * 20;

function digests(parts: readonly Buffer[]) {
  const made = new BatchDigests(0, END);
  const damaged = parts.flatMap((part) => made.add(part, true));
  return { buckets: made.finish(), damaged, next: made.next };
}
const leader = digests(batches);

test("however the bytes are cut into answers, the digests are the same", () => {
  const all = Buffer.concat(batches);
  const overlapping = [all.subarray(0, 5_000), all.subarray(0, 9_999), all, batch(END, 3)];
  expect(digests(overlapping)).toEqual(leader);
  expect(leader.damaged).toEqual([]);
  expect(leader.buckets.map(({ from, batches: count }) => [from, count])).toEqual([
    [0, 205],
    [4096, 95],
  ]);
  expect(bucketDifferences(leader.buckets, digests(overlapping).buckets)).toEqual([]);
});

test("another leader epoch is none of the batch's bytes", () => {
  const other = batches.map((bytes) => {
    const copy = Buffer.from(bytes);
    copy.writeInt32BE(77, 12);
    return copy;
  });
  expect(digests(other)).toEqual(leader);
});

test("a flipped bit does not fit the batch's own CRC; another batch has another one", () => {
  const flipped = Buffer.from(batches[3] as Buffer);
  flipped[80] = (flipped[80] as number) ^ 4;
  expect(digests(batches.with(3, flipped)).damaged).toEqual([60]);
  const found = digests(batches.with(250, batch(5_000, 20, "w")));
  expect(found.damaged).toEqual([]);
  expect(bucketDifferences(leader.buckets, found.buckets)).toEqual([
    "offsets 4096-8191: 95 batches, which are not the 95 of the leader",
  ]);
});

test("a batch less, and a batch where the leader has none", () => {
  expect(bucketDifferences(leader.buckets, digests(batches.toSpliced(0, 1)).buckets)).toEqual([
    "offsets 0-4095: 204 batches, which are not the 205 of the leader",
  ]);
  expect(bucketDifferences(leader.buckets.slice(0, 1), leader.buckets)).toEqual([
    "offsets 4096-8191: 95 batches, where the leader has none",
  ]);
});
