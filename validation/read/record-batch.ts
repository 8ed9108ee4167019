import { UnreadableError } from "./unreadable-error.ts";
import { compressionsAlgorithmsByBitmask } from "@platformatic/kafka";
import type { RawRecord } from "../histories/raw-record.ts";

/**
 * Kafka's record batch, magic 2: https://kafka.apache.org/documentation/#recordbatch. Read here without an object per record; the client library makes
 * about ten. The batch's CRC is not checked, since every key and value is compared with the recomputed event.
 */
const HEADER_BYTES = 61;
const BEFORE_LENGTH_BYTES = 12;
const COMPRESSION_MASK = 0b111;
const CONTROL_FLAG = 1 << 5;

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
    if (magic !== 2) throw new UnreadableError(`record batch at offset ${base} has magic ${magic}; only 2 (Kafka 0.11 and later) can be read`);
    const next = base + bytes.readInt32BE(at + 23) + 1;
    if (next > position) position = readBatch(bytes.subarray(at, at + size), base, Math.min(next, end), position, end, visitor);
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

function readBatch(batch: Buffer, base: number, next: number, from: number, end: number, visitor: BatchVisitor): number {
  const attributes = batch.readInt16BE(21);
  let position = from;
  if ((attributes & CONTROL_FLAG) === 0) {
    const cursor = new RecordCursor(records(batch, attributes & COMPRESSION_MASK));
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
  const body = batch.subarray(HEADER_BYTES);
  if (compression === 0) return body;
  const algorithm = (compressionsAlgorithmsByBitmask as Record<number, { decompressSync(data: Buffer): Buffer }>)[compression];
  if (algorithm === undefined) throw new UnreadableError(`unknown compression ${compression} in a record batch`);
  return algorithm.decompressSync(body);
}

/** Walks over the records of one batch; lengths and deltas are zigzag varints. */
class RecordCursor {
  readonly record: RawRecord;
  #at = 0;

  constructor(bytes: Buffer) {
    this.record = { bytes, keyFrom: 0, keyTo: 0, valueFrom: 0, valueTo: 0 };
  }

  /** Reads one record into `record`. Returns its offset's delta. */
  next(): number {
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > this.record.bytes.length) throw new UnreadableError("a record reaches beyond its batch");
    this.#at += 1; // attributes, unused
    this.#skipVarint(); // timestamp delta, up to 64 bits
    const delta = this.#varint();
    const keyLength = this.#varint();
    this.record.keyFrom = this.#at;
    this.record.keyTo = this.#at + keyLength;
    if (keyLength > 0) this.#at += keyLength;
    const valueLength = this.#varint();
    this.record.valueFrom = this.#at;
    this.record.valueTo = this.#at + valueLength;
    this.#at = end; // headers, unused
    return delta;
  }

  #varint(): number {
    const { bytes } = this.record;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[this.#at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new UnreadableError("a varint of a record is longer than 5 bytes");
  }

  #skipVarint(): void {
    while ((this.record.bytes[this.#at++] as number) >= 0x80);
  }
}
