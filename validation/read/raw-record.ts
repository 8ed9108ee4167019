/**
 * A record as it lies in a fetched batch: [from, to) of `bytes`; from > to means null. `timestampMs`: as a consumer sees it, so with LogAppendTime
 * that of the batch.
 */
export type RawRecord = {
  bytes: Buffer;
  keyFrom: number;
  keyTo: number;
  valueFrom: number;
  valueTo: number;
  timestampMs: number;
};

/** Whether the value is exactly the first `length` bytes of these. */
export function isEqual(expected: Buffer, length: number, record: RawRecord): boolean {
  return (
    record.valueTo - record.valueFrom === length &&
    expected.compare(record.bytes, record.valueFrom, record.valueTo, 0, length) === 0
  );
}

/** The value's bytes; null stays null. */
export function valueOf(record: RawRecord): Buffer | null {
  return record.valueTo < record.valueFrom ? null : record.bytes.subarray(record.valueFrom, record.valueTo);
}

/** The key's bytes; null stays null. */
export function keyOf(record: RawRecord): Buffer | null {
  return record.keyTo < record.keyFrom ? null : record.bytes.subarray(record.keyFrom, record.keyTo);
}

/** Whether both are null, or the same bytes. */
export function sameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}
