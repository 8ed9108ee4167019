import { expect, test } from "vitest";
import { lastOffset, readBatches } from "./record-batch.ts";

/** A varint of zigzag, written a second time for the tests. */
function varint(value: bigint | number): number[] {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

type RecordParts = {
  delta?: number;
  timeDelta?: number;
  key?: string | null;
  value?: string | null;
  headers?: number[];
};
const lengthOf = (text: string | null) => varint(text === null ? -1 : Buffer.byteLength(text));

/** `body`: bytes in place of the record's own. */
function recordBytes({ delta = 0, timeDelta = 0, key = "k", value = "v", headers = [0] }: RecordParts): number[] {
  const body = [
    0,
    ...varint(timeDelta),
    ...varint(delta),
    ...lengthOf(key),
    ...Buffer.from(key ?? ""),
    ...lengthOf(value),
    ...Buffer.from(value ?? ""),
    ...headers,
  ];
  return [...varint(body.length), ...body];
}

type BatchParts = { base?: number; records?: RecordParts[]; raw?: number[]; lastDelta?: number; attributes?: number };
function batch({ base = 0, records = [{}], raw, lastDelta = records.length - 1, attributes = 0 }: BatchParts): Buffer {
  const body = raw ?? records.flatMap(recordBytes);
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(base), 0);
  head.writeInt32BE(49 + body.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(attributes, 21);
  head.writeInt32BE(lastDelta, 23);
  head.writeBigInt64BE(1000n, 27);
  head.writeBigInt64BE(9000n, 35);
  head.writeInt32BE(records.length, 57);
  return Buffer.concat([head, Buffer.from(body)]);
}

const text = (of: Buffer, at: number, to: number) => (to < at ? null : of.toString("utf8", at, to));

function read(bytes: Buffer, from = 0, end = 2 ** 40) {
  const seen: [offset: number, key: string | null, value: string | null, timestampMs: number][] = [];
  const gaps: [number, number][] = [];
  const next = readBatches(bytes, from, end, {
    record: (offset, { bytes: of, keyFrom, keyTo, valueFrom, valueTo, timestampMs }) =>
      seen.push([offset, text(of, keyFrom, keyTo), text(of, valueFrom, valueTo), timestampMs]),
    gap: (first, last) => gaps.push([first, last]),
  });
  return { next, seen, gaps };
}

test("keys and values may be null or empty, and headers are skipped", () => {
  const records = [
    { key: null, value: "a" },
    { key: "", value: null, delta: 1 },
    { key: "k", value: "", delta: 2, headers: [2, 2, 97, 2, 98] },
    { key: null, value: null, delta: 3 },
    { key: "é", value: "€".repeat(100), delta: 4 },
  ];
  expect(read(batch({ records })).seen.map(([, key, value]) => [key, value])).toEqual(
    records.map(({ key, value }) => [key, value]),
  );
});

test.each([0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 31, -(2 ** 31), 2 ** 42, -(2 ** 42), 2 ** 51 - 3])(
  "a record's time is %i ms from that of its batch",
  (timeDelta) => {
    expect(read(batch({ records: [{ timeDelta }] })).seen[0]?.[3]).toBe(1000 + timeDelta);
  },
);

test("with LogAppendTime all records of a batch have the broker's time", () => {
  const records = [{ timeDelta: 5 }, { timeDelta: 6, delta: 1 }];
  expect(read(batch({ records, attributes: 1 << 3 })).seen.map(([, , , ms]) => ms)).toEqual([9000, 9000]);
});

test.each([0, 63, 64, 8191, 8192, 2 ** 20, 2 ** 27, 2 ** 28, 2 ** 30, 2 ** 31 - 1])(
  "a record may be %i offsets behind its batch's first",
  (delta) => {
    const { seen, gaps, next } = read(batch({ base: 7, records: [{ delta }], lastDelta: delta }));
    expect(seen[0]?.[0]).toBe(7 + delta);
    expect(gaps).toEqual([[0, 7 + delta]]);
    expect(next).toBe(8 + delta);
  },
);

test("what compaction has taken out of a batch is a gap: before, between and after its records", () => {
  const compacted = batch({ base: 10, records: [{ delta: 1 }, { delta: 3 }], lastDelta: 5 });
  expect(read(compacted, 10)).toEqual({
    next: 16,
    seen: [
      [11, "k", "v", 1000],
      [13, "k", "v", 1000],
    ],
    gaps: [
      [10, 11],
      [12, 13],
      [14, 16],
    ],
  });
});

test("a record far before its batch is left out", () => {
  const { seen } = read(batch({ base: 2, records: [{ delta: -(2 ** 30) }, { delta: 1 }], lastDelta: 1 }), 2);
  expect(seen.map(([offset]) => offset)).toEqual([3]);
});

test("a batch without any record is a gap", () => {
  const empty = batch({ records: [], lastDelta: 2 });
  expect(empty).toHaveLength(61);
  expect(read(empty)).toEqual({ next: 3, seen: [], gaps: [[0, 3]] });
  expect(lastOffset(empty, 0)).toBe(3);
});

test("a transaction's marker is a gap, whatever its record has", () => {
  expect(read(batch({ base: 4, attributes: 1 << 5, raw: [127] }), 4)).toEqual({ next: 5, seen: [], gaps: [[4, 5]] });
});

test("reading ends at the end: gaps too, and what lies behind is not looked at", () => {
  const compacted = batch({ records: [{ delta: 0 }], lastDelta: 9 });
  expect(read(compacted, 0, 4)).toEqual({ next: 4, seen: [[0, "k", "v", 1000]], gaps: [[1, 4]] });
  const behind = batch({ base: 1 });
  behind[16] = 1;
  expect(read(Buffer.concat([batch({}), behind]), 0, 1).next).toBe(1);
  expect(() => read(Buffer.concat([batch({}), behind]), 0, 2)).toThrow(
    "record batch at offset 1 has magic 1; only 2 (Kafka 0.11 and later) can be read",
  );
});

test("a batch that lies before is skipped, even if it is damaged", () => {
  const damaged = batch({ raw: [127] });
  expect(read(Buffer.concat([damaged, batch({ base: 1 })]), 1).seen.map(([offset]) => offset)).toEqual([1]);
});

test("records before the first wanted offset are left out, and are no gap", () => {
  const records = [{}, { delta: 1 }, { delta: 2 }];
  expect(read(batch({ records }), 1)).toMatchObject({ next: 3, gaps: [], seen: { length: 2 } });
});

test("without a whole batch nothing is read", () => {
  const whole = batch({});
  for (const length of [0, 60, 61, whole.length - 1]) {
    expect(read(whole.subarray(0, length), 5)).toEqual({ next: 5, seen: [], gaps: [] });
    expect(lastOffset(whole.subarray(0, length), 5)).toBe(5);
  }
  expect(lastOffset(whole, 5)).toBe(5);
  expect(lastOffset(Buffer.concat([batch({ base: 9 }), whole.subarray(0, 61)]), 5)).toBe(10);
  expect(lastOffset(Buffer.concat([batch({ base: 9 }), batch({ base: 3 })]), 5)).toBe(10);
});

test.each<[string, number[], string]>([
  ["a record longer than its batch", [20, 0, 0, 0, 1, 1], "a record reaches beyond its batch"],
  ["a record of length 0", [0, 0, 0, 0, 1, 1, 0], "a key or value reaches beyond its record"],
  ["a record of negative length", [1, 0, 0, 0, 1, 1, 0], "a record reaches beyond its batch"],
  [
    "a key longer than its record",
    [...varint(6), 0, 0, 0, ...varint(9), ...Array.from({ length: 14 }, () => 0)],
    "a key or value reaches beyond",
  ],
  [
    "a value longer than its record",
    [...varint(6), 0, 0, 0, ...varint(-1), ...varint(2), 97],
    "a key or value reaches",
  ],
  ["a key of length -2", [...varint(6), 0, 0, 0, ...varint(-2), ...varint(-1), 0], "a key or value reaches beyond"],
  ["a value of length -2", [...varint(6), 0, 0, 0, ...varint(-1), ...varint(-2), 0], "a key or value reaches beyond"],
  [
    "a length of more than 32 bits",
    [0x80, 0x80, 0x80, 0x80, 0x10, ...Array.from({ length: 20 }, () => 0)],
    "more than 32 bits",
  ],
  ["a length that has no end", [0x80, 0x80], "more than 32 bits"],
])("damage is an error: %s", (_, raw, problem) => {
  expect(() => read(batch({ raw }))).toThrow(expect.objectContaining({ name: "UnreadableError" }));
  expect(() => read(batch({ raw }))).toThrow(problem);
});

test("a record that fills its batch to the last byte is whole", () => {
  const raw = [...varint(6), 0, 0, 0, ...varint(-1), ...varint(1), 97];
  expect(read(batch({ raw })).seen).toEqual([[0, null, "a", 1000]]);
});

test("a compression that Kafka does not have is an error", () => {
  expect(() => read(batch({ attributes: 7 }))).toThrow("unknown compression 7 in a record batch");
});
