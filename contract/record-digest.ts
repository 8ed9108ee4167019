import { crc32 } from "node:zlib";

/** Bytes of a key or value: [from, to) of `bytes`; from > to means null. */
export type DigestedBytes = { bytes: Uint8Array; from: number; to: number };

const HEAD_BYTES = 8 + 8 + 4 + 4;
/** So many bytes are given to CRC-32 at once: a call costs more than a record. */
const SCRATCH_BYTES = 64 * 1024;
const WORD = 2 ** 32;

/**
 * The digest of a `log` line of witness.ndjson: CRC-32 (zlib's), begun at 0, over each record's offset and timestamp in ms (8 bytes each), the
 * key's length (4 bytes, -1 for null), the key, the value's length (the same), the value; integers are big-endian. With LogAppendTime the
 * timestamp is the batch's. Attributes and headers are not in it.
 */
export class RecordDigest {
  #scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
  #used = 0;
  #crc = 0;

  add(
    offset: number,
    timestampMs: number,
    keyBytes: Uint8Array,
    keyFrom: number,
    keyTo: number,
    valueBytes: Uint8Array,
    valueFrom: number,
    valueTo: number,
  ): void {
    const [keyLength, valueLength] = [Math.max(-1, keyTo - keyFrom), Math.max(-1, valueTo - valueFrom)];
    this.#reserve(HEAD_BYTES + Math.max(0, keyLength) + Math.max(0, valueLength));
    this.#integer64(offset);
    this.#integer64(timestampMs);
    this.#bytes(keyBytes, keyFrom, keyLength);
    this.#bytes(valueBytes, valueFrom, valueLength);
  }

  /** @returns the digest of the records since the last call, as 8 hex digits, and begins anew. */
  take(): string {
    this.#flush();
    const text = this.#crc.toString(16).padStart(8, "0");
    this.#crc = 0;
    return text;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes <= this.#scratch.length) return;
    this.#flush();
    if (bytes > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(bytes * 2);
  }

  #flush(): void {
    this.#crc = crc32(this.#scratch.subarray(0, this.#used), this.#crc);
    this.#used = 0;
  }

  #integer64(value: number): void {
    const high = Math.floor(value / WORD);
    this.#integer32(high);
    this.#integer32(value - high * WORD);
  }

  #integer32(value: number): void {
    const scratch = this.#scratch;
    scratch[this.#used++] = value >>> 24;
    scratch[this.#used++] = value >>> 16;
    scratch[this.#used++] = value >>> 8;
    scratch[this.#used++] = value;
  }

  #bytes(bytes: Uint8Array, from: number, length: number): void {
    this.#integer32(length);
    // One call for each would cost more than the few bytes of a key.
    for (let at = from; at < from + length; at++) this.#scratch[this.#used++] = bytes[at] as number;
  }
}
