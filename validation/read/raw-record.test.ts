import { expect, test } from "vitest";
import { isEqual, keyOf, type RawRecord, sameBytes, valueOf } from "./raw-record.ts";

const bytes = Buffer.from("xxKEYvaluexx");
const record: RawRecord = { bytes, keyFrom: 2, keyTo: 5, valueFrom: 5, valueTo: 10, timestampMs: 0 };

test("key and value are their own bytes; null is told from empty", () => {
  expect([String(keyOf(record)), String(valueOf(record))]).toEqual(["KEY", "value"]);
  expect([keyOf({ ...record, keyTo: 1 }), valueOf({ ...record, valueTo: 4 })]).toEqual([null, null]);
  expect([keyOf({ ...record, keyTo: 2 }), valueOf({ ...record, valueTo: 5 })]).toEqual([
    Buffer.alloc(0),
    Buffer.alloc(0),
  ]);
});

test.each<[string, number, boolean]>([
  ["value", 5, true],
  ["value and more", 5, true],
  ["value", 4, false],
  ["values", 6, false],
  ["valuE", 5, false],
  ["Value", 5, false],
])("the value against %s, up to %i", (expected, length, same) => {
  expect(isEqual(Buffer.from(expected), length, record)).toBe(same);
});

test("a value that is null is no empty one", () => {
  expect(isEqual(Buffer.alloc(0), 0, { ...record, valueTo: 5 })).toBe(true);
  expect(isEqual(Buffer.alloc(0), 0, { ...record, valueTo: 4 })).toBe(false);
});

const [a, b, empty] = ["a", "b", ""].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
test.each<[Buffer | null, Buffer | null, boolean]>([
  [null, null, true],
  [null, empty, false],
  [empty, null, false],
  [a, null, false],
  [null, a, false],
  [a, b, false],
  [a, Buffer.from("a"), true],
])("the same bytes: %s and %s", (left, right, same) => {
  expect(sameBytes(left, right)).toBe(same);
});
