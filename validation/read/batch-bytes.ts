/** A record batch in the bytes of a partition's log: https://kafka.apache.org/documentation/#recordbatch. */
export type BatchBytes = { base: number; count: number; bytes: Buffer };

const BEFORE_LENGTH_BYTES = 12;

/** Splits bytes into whole batches. */
export function batchesOf(bytes: Buffer): BatchBytes[] {
  const batches: BatchBytes[] = [];
  for (let at = 0; at + BEFORE_LENGTH_BYTES <= bytes.length;) {
    const size = BEFORE_LENGTH_BYTES + bytes.readInt32BE(at + 8);
    if (at + size > bytes.length) break;
    const batch = bytes.subarray(at, at + size);
    batches.push({ base: Number(batch.readBigInt64BE(0)), count: batch.readInt32BE(23) + 1, bytes: batch });
    at += size;
  }
  return batches;
}

/** Puts batches one after another from `start` on, whatever offsets they had before. */
export function laidOut(batches: readonly BatchBytes[], start: number): { bytes: Buffer; end: number } {
  let end = start;
  const parts = batches.map(({ bytes, count }) => {
    const copy = Buffer.from(bytes);
    copy.writeBigInt64BE(BigInt(end), 0);
    end += count;
    return copy;
  });
  return { bytes: Buffer.concat(parts), end };
}
