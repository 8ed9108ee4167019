/** A record as it lies in a fetched batch: [from, to) of `bytes`; from > to means null. */
export type RawRecord = { bytes: Buffer; keyFrom: number; keyTo: number; valueFrom: number; valueTo: number };

/** Whether the value is the first `length` bytes of `text`. */
export function isEqualText(record: RawRecord, length: number, scratch: Buffer): boolean {
  return record.valueTo - record.valueFrom === length && record.bytes.compare(scratch, 0, length, record.valueFrom, record.valueTo) === 0;
}

/** Whether the value is exactly these bytes. */
export function isEqual(expected: Buffer, record: RawRecord): boolean {
  return record.valueTo - record.valueFrom === expected.length && record.bytes.compare(expected, 0, expected.length, record.valueFrom, record.valueTo) === 0;
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
