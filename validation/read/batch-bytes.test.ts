import { expect, test } from "vitest";
import { batchBytes } from "../fixture/fake-kafka.ts";
import { batchesOf, laidOut } from "./batch-bytes.ts";

const [one, two] = [batchBytes(7, ["a"]), batchBytes(8, ["b", "c", "d"])];
const placesOf = (bytes: Buffer) => batchesOf(bytes).map(({ base, count, bytes: own }) => [base, count, own.length]);

test("bytes are split into whole batches; one that is cut off is left out", () => {
  const both = Buffer.concat([one, two]);
  expect(placesOf(both)).toEqual([
    [7, 1, one.length],
    [8, 3, two.length],
  ]);
  expect(batchesOf(both)[1]?.bytes).toEqual(two);
  for (const length of [one.length, one.length + 5, one.length + 12, both.length - 1])
    expect(placesOf(both.subarray(0, length))).toEqual([[7, 1, one.length]]);
  for (const length of [0, 11, 12]) expect(placesOf(one.subarray(0, length))).toEqual([]);
});

test("batches are put one after another, and the bytes they were made of stay", () => {
  const { bytes, end } = laidOut(batchesOf(Buffer.concat([two, one])), 100);
  expect(placesOf(bytes)).toEqual([
    [100, 3, two.length],
    [103, 1, one.length],
  ]);
  expect(end).toBe(104);
  expect(two.readBigInt64BE(0)).toBe(8n);
  expect(laidOut([], 5)).toEqual({ bytes: Buffer.alloc(0), end: 5 });
});
