import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { RecordDigest } from "./record-digest.ts";

type Item = { offset: number; timestampMs: number; key: Buffer | null; value: Buffer | null };
const bytes = (text: string) => Buffer.from(text);

/** As docs say it, without a buffer in between. */
function plain(items: readonly Item[]): string {
  let crc = 0;
  for (const { offset, timestampMs, key, value } of items) {
    const head = Buffer.alloc(16);
    head.writeBigInt64BE(BigInt(offset), 0);
    head.writeBigInt64BE(BigInt(timestampMs), 8);
    crc = crc32(head, crc);
    for (const part of [key, value]) {
      const length = Buffer.alloc(4);
      length.writeInt32BE(part?.length ?? -1);
      crc = crc32(part ?? Buffer.alloc(0), crc32(length, crc));
    }
  }
  return crc.toString(16).padStart(8, "0");
}

function digestOf(items: readonly Item[], digest = new RecordDigest()): string {
  for (const { offset, timestampMs, key, value } of items)
    digest.add(
      offset,
      timestampMs,
      key ?? bytes(""),
      0,
      key?.length ?? -1,
      Buffer.concat([bytes("xx"), value ?? bytes("")]),
      2,
      value === null ? 1 : value.length + 2,
    );
  return digest.take();
}

const items: Item[] = [
  { offset: 2 ** 40 + 7, timestampMs: 1_700_000_000_123, key: bytes("1:2"), value: bytes("{}") },
  { offset: 1, timestampMs: -1, key: null, value: null },
  { offset: 2, timestampMs: 0, key: bytes(""), value: bytes("") },
  { offset: 3, timestampMs: 5, key: bytes("k"), value: Buffer.alloc(200_000, 7) },
  ...Array.from({ length: 3000 }, (_, index) => ({
    offset: index,
    timestampMs: index,
    key: bytes(`key ${index}`),
    value: bytes(`value ${index}`),
  })),
];

test("is the CRC-32 of the records' bytes, whatever their sizes", () => {
  expect(digestOf(items)).toBe(plain(items));
  expect(digestOf([])).toBe("00000000");
});

test("begins anew after each take, and every member counts", () => {
  const digest = new RecordDigest();
  const [first] = items as [Item];
  expect([digestOf([first], digest), digestOf([first], digest)]).toEqual([plain([first]), plain([first])]);
  const changed: Item[] = [
    { ...first, offset: 0 },
    { ...first, timestampMs: 0 },
    { ...first, key: null },
    { ...first, value: bytes("{ ") },
  ];
  expect(new Set([first, ...changed].map((item) => digestOf([item]))).size).toBe(5);
});
