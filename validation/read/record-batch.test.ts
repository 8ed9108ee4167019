import { createRecordsBatch } from "@platformatic/kafka";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBatch } from "../bench/encode-batch.ts";
import { lastOffset, readBatches } from "./record-batch.ts";

function read(bytes: Buffer, from: number, end: number) {
  const seen: [number, string, string | null][] = [];
  const gaps: [number, number][] = [];
  const next = readBatches(bytes, from, end, {
    record: (offset, { bytes: body, keyFrom, keyTo, valueFrom, valueTo }) =>
      seen.push([
        offset,
        body.toString("utf8", keyFrom, keyTo),
        valueTo < valueFrom ? null : body.toString("utf8", valueFrom, valueTo),
      ]),
    gap: (first, last) => gaps.push([first, last]),
  });
  return { next, seen, gaps };
}

function batch(
  base: number,
  texts: string[],
  compression: "none" | "gzip" | "lz4" | "snappy" | "zstd" = "none",
): Buffer {
  const messages = texts.map((text, at) => ({
    key: Buffer.from(`k${text}`),
    value: Buffer.from(text),
    topic: "t",
    partition: 0,
    timestamp: BigInt(1e12 + at * 1e9),
    headers: new Map([[Buffer.from("a"), Buffer.from(text)]]),
  }));
  const { buffer } = createRecordsBatch(messages, { compression });
  buffer.writeBigInt64BE(BigInt(base), 0);
  return buffer;
}

test("reads what the client library writes, whatever its compression", () => {
  const texts = fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom("none", "gzip", "lz4", "snappy", "zstd"),
      fc.nat(2 ** 40),
      (list, compression, base) => {
        const { next, seen, gaps } = read(batch(base, list, compression), base, base + list.length);
        expect(seen).toEqual(list.map((text, at) => [base + at, `k${text}`, text]));
        expect([next, gaps]).toEqual([base + list.length, []]);
      },
    ),
    { numRuns: 50 },
  );
});

test("begins in the middle of a batch, ends at the end that was asked for, ignores what is cut off", () => {
  const bytes = Buffer.concat([batch(0, ["a", "b", "c"]), batch(3, ["d", "e"])]);
  expect(read(bytes, 1, 4).seen.map(([offset]) => offset)).toEqual([1, 2, 3]);
  expect(read(bytes, 1, 4).next).toBe(4);
  expect(read(bytes.subarray(0, bytes.length - 1), 0, 5)).toMatchObject({ next: 3, seen: { length: 3 } });
  expect(lastOffset(bytes.subarray(0, bytes.length - 1), 0)).toBe(3);
  expect(lastOffset(bytes, 0)).toBe(5);
});

test("offsets without records are gaps, never skipped silently", () => {
  expect(read(Buffer.concat([batch(0, ["a"]), batch(5, ["b"])]), 0, 6).gaps).toEqual([[1, 5]]);
  const control = batch(1, ["marker"]);
  control.writeInt16BE(1 << 5, 21);
  expect(read(Buffer.concat([batch(0, ["a"]), control, batch(2, ["b"])]), 0, 3)).toMatchObject({
    gaps: [[1, 2]],
    next: 3,
    seen: { length: 2 },
  });
});

test("damage is an error", () => {
  const bytes = batch(0, ["abc"]);
  bytes[61] = 0x7e;
  expect(() => read(bytes, 0, 1)).toThrow("beyond its batch");
  bytes[16] = 1;
  expect(() => read(bytes, 0, 1)).toThrow("magic 1");
});

test("the bench's encoder writes what is read", () => {
  const records = [1, 100, 20_000].map((length, at) => ({ key: `9:${at}`, value: Buffer.alloc(length, 0x61) }));
  expect(read(encodeBatch(7, records), 7, 10).seen).toEqual(
    records.map(({ key, value }, at) => [7 + at, key, value.toString()]),
  );
});
