import { UnreadableError } from "./unreadable-error.ts";
import { compressionsAlgorithmsByBitmask } from "@platformatic/kafka";
import type { RawRecord } from "./raw-record.ts";

/**
 * Kafka's record batch, magic 2: https://kafka.apache.org/documentation/#recordbatch. Read here without an object per record; the client library makes
 * about ten. The batch's CRC is not checked, since every key and value is compared with the recomputed event.
 */
const HEADER_BYTES = 61;
const BEFORE_LENGTH_BYTES = 12;
const COMPRESSION_MASK = 0b111;
const CONTROL_FLAG = 1 << 5;
const APPEND_TIME_FLAG = 1 << 3;

export type BatchVisitor = {
  record(offset: number, record: RawRecord): void;
  /** Offsets [from, to) hold no record: transaction markers, or records that compaction took. */
  gap(from: number, to: number): void;
};

/**
 * Visits the records at offsets [from, end) in order.
 * @param bytes batches one after another; the first may begin before `from`, the last may be cut off, as a broker sends them.
 * @returns the offset after the last whole batch, at most `end`; `from` if there is none.
 */
export function readBatches(bytes: Buffer, from: number, end: number, visitor: BatchVisitor): number {
  let position = from;
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length && position < end) {
    const base = Number(bytes.readBigInt64BE(at));
    const size = BEFORE_LENGTH_BYTES + bytes.readInt32BE(at + 8);
    if (at + size > bytes.length) break;
    const magic = bytes.readInt8(at + 16);
    if (magic !== 2)
      throw new UnreadableError(
        `record batch at offset ${base} has magic ${magic}; only 2 (Kafka 0.11 and later) can be read`,
      );
    const next = base + bytes.readInt32BE(at + 23) + 1;
    if (next > position)
      position = readBatch(bytes.subarray(at, at + size), base, Math.min(next, end), position, end, visitor);
    at += size;
  }
  return position;
}

/** @returns the offset after the last whole batch, by the batches' headers alone; `from` if there is none beyond it. */
export function lastOffset(bytes: Buffer, from: number): number {
  let last = from;
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const size = BEFORE_LENGTH_BYTES + bytes.readInt32BE(at + 8);
    if (at + size > bytes.length) break;
    last = Math.max(last, Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23) + 1);
    at += size;
  }
  return last;
}

function readBatch(
  batch: Buffer,
  base: number,
  next: number,
  from: number,
  end: number,
  visitor: BatchVisitor,
): number {
  const attributes = batch.readInt16BE(21);
  let position = from;
  if ((attributes & CONTROL_FLAG) === 0) {
    const appendMs = (attributes & APPEND_TIME_FLAG) === 0 ? undefined : Number(batch.readBigInt64BE(35));
    const firstMs = Number(batch.readBigInt64BE(27));
    const cursor = new RecordCursor(records(batch, attributes & COMPRESSION_MASK), firstMs, appendMs);
    const count = batch.readInt32BE(57);
    for (let index = 0; index < count; index++) {
      const offset = base + cursor.next();
      if (offset < position) continue;
      if (offset >= end) break;
      if (offset > position) visitor.gap(position, offset);
      visitor.record(offset, cursor.record);
      position = offset + 1;
    }
  }
  if (position < next) visitor.gap(position, next);
  return next;
}

function records(batch: Buffer, compression: number): Buffer {
  const algorithm = (compressionsAlgorithmsByBitmask as Record<number, { decompressSync(data: Buffer): Buffer }>)[
    compression
  ];
  if (algorithm === undefined) throw new UnreadableError(`unknown compression ${compression} in a record batch`);
  // Compression 0 is none, and gives the bytes themselves.
  return algorithm.decompressSync(batch.subarray(HEADER_BYTES));
}

/** Walks over the records of one batch; lengths and deltas are zigzag varints. */
class RecordCursor {
  readonly record: RawRecord;
  readonly #firstMs: number;
  readonly #appendMs: number | undefined;
  #at = 0;

  /** @param appendMs the time of all its records; undefined: each has its own, counted from `firstMs`. */
  constructor(bytes: Buffer, firstMs: number, appendMs: number | undefined) {
    this.record = { bytes, keyFrom: 0, keyTo: 0, valueFrom: 0, valueTo: 0, timestampMs: firstMs };
    this.#firstMs = firstMs;
    this.#appendMs = appendMs;
  }

  /** Reads one record into `record`. Returns its offset's delta. */
  next(): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > this.record.bytes.length) throw new UnreadableError("a record reaches beyond its batch");
    this.#at += 1; // attributes, unused
    this.record.timestampMs = this.#appendMs ?? this.#firstMs;
    const deltaMs = this.#varlong();
    if (this.#appendMs === undefined) this.record.timestampMs += deltaMs;
    const delta = this.#varint();
    const keyLength = this.#varint();
    this.record.keyFrom = this.#at;
    this.record.keyTo = this.#at + keyLength;
    // A null key has length -1, and no bytes.
    this.#at = Math.max(this.record.keyFrom, this.record.keyTo);
    const valueLength = this.#varint();
    this.record.valueFrom = this.#at;
    this.record.valueTo = this.#at + valueLength;
    // -1 is null.
    if (keyLength < -1 || valueLength < -1 || Math.max(this.record.keyTo, this.record.valueTo) > end)
      throw new UnreadableError("a key or value reaches beyond its record");
    this.#at = end; // headers, unused
    return delta;
  }

  #varint(): number {
    const { bytes } = this.record;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.#at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    const last = bytes[this.#at++] as number;
    // 4 bits are left of 32: more would be cut off.
    if (!(last < 0x10)) throw new UnreadableError("a varint of a record has more than 32 bits");
    value |= last << 28;
    return (value >>> 1) ^ -(value & 1);
  }

  /** Up to 64 bits; a number has 53 of them exactly. */
  #varlong(): number {
    const { bytes } = this.record;
    let byte = bytes[this.#at++] as number;
    let value = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
