import { expect, test } from "vitest";
import { RangeDigests } from "./range-digests.ts";

const record = { bytes: Buffer.from("kv"), keyFrom: 0, keyTo: 1, valueFrom: 1, valueTo: 2, timestampMs: 9 };

function measure(ranges: [number, number][], offsets: number[]) {
  const digests = new RangeDigests(ranges.map(([from, to]) => ({ from, to })));
  for (const offset of offsets) digests.add(offset, record);
  return new Map(digests.finish().map(({ from, to, records, digest }) => [`${from}-${to}`, { records, digest }]));
}
const all = Array.from({ length: 30 }, (_, offset) => offset);

test("each range has its own records, wherever others begin and end", () => {
  const one = measure([[10, 20]], all);
  expect(one.get("10-20")?.records).toBe(10);
  const many = measure(
    [
      [0, 10],
      [10, 20],
      [5, 25],
      [25, 40],
      [0, 30],
      [50, 60],
    ],
    all,
  );
  expect(many.get("10-20")).toEqual(one.get("10-20"));
  expect(many.get("5-25")).toEqual(measure([[5, 25]], all).get("5-25"));
  expect(Object.fromEntries([...many].map(([name, { records }]) => [name, records]))).toEqual({
    "0-10": 10,
    "0-30": 30,
    "10-20": 10,
    "25-40": 5,
    "5-25": 20,
    "50-60": 0,
  });
});

test("a missing record is missed", () => {
  const less = measure([[0, 10]], all.toSpliced(4, 1)).get("0-10");
  expect(less?.records).toBe(9);
  expect(less?.digest).not.toBe(measure([[0, 10]], all).get("0-10")?.digest);
});
