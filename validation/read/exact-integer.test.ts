import fc from "fast-check";
import { expect, test } from "vitest";
import { exactInteger } from "./exact-integer.ts";

test("reads each integer that a number can hold", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(exactInteger(String(value))).toBe(value);
    }),
  );
});

test("knows no two spellings of one value, and nothing that would be rounded", () => {
  const others = ["", "-", "-0", "00", "01", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "\\N", "NaN", "Infinity", "١"];
  for (const text of [...others, "9007199254740992", "-9007199254740992", "9223372036854775807", "99999999999999999"])
    expect(exactInteger(text), text).toBeUndefined();
});

test.each<[string, number | undefined]>([
  ["0", 0],
  ["7", 7],
  ["-7", -7],
  ["10", 10],
  ["9007199254740991", 9_007_199_254_740_991],
  ["-9007199254740991", -9_007_199_254_740_991],
  ["1234567890123456", 1_234_567_890_123_456],
  ["12345678901234567", undefined],
  ["-01", undefined],
  ["1/", undefined],
  ["1:", undefined],
  ["1-", undefined],
])("%s", (text, value) => {
  expect(exactInteger(text)).toBe(value);
});
