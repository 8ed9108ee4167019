import fc from "fast-check";
import { expect, test } from "vitest";
import { decimalText, ExactSum, scaledInteger } from "./exact-sum.ts";

const sumOf = (values: readonly number[]) => {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum.value;
};

test("a sum of any safe integers is exact", () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), (values) => {
      expect(sumOf(values)).toBe(values.reduce((sum, value) => sum + BigInt(value), 0n));
    }),
  );
});

const EDGE = 2 ** 51;
const MOST = Number.MAX_SAFE_INTEGER;
test.each([
  [[], 0n],
  [[EDGE, EDGE, EDGE, EDGE, 1], 4n * BigInt(EDGE) + 1n],
  [[-EDGE, -EDGE, -EDGE, -EDGE, -1], -4n * BigInt(EDGE) - 1n],
  [[EDGE + 1, MOST, MOST, 1, 1, 1], BigInt(EDGE) + 2n * BigInt(MOST) + 4n],
  [[-MOST, -MOST, -MOST, -1, 2], -3n * BigInt(MOST) + 1n],
  [[EDGE, 1, -EDGE], 1n],
])("the sum of %j", (values, sum) => {
  expect(sumOf(values)).toBe(sum);
});

test("very many numbers are added up exactly", () => {
  const sum = new ExactSum();
  for (let index = 0; index < 50; index++) for (const value of [EDGE - 1, 3, EDGE - 7]) sum.add(value);
  expect(sum.value).toBe(50n * (2n * BigInt(EDGE) - 5n));
});

test.each<[string, number, bigint | undefined]>([
  ["12.34", 2, 1234n],
  ["12.34", 4, 123_400n],
  ["12.3400", 2, 1234n],
  ["-0.05", 2, -5n],
  ["12", 0, 12n],
  ["12", 2, 1200n],
  ["12.", 2, 1200n],
  ["12.000", 0, 12n],
  ["12.345", 2, undefined],
  ["0.1", 0, undefined],
  ["90071992547409931234567890.5", 1, 900_719_925_474_099_312_345_678_905n],
  ["", 2, undefined],
  [".5", 2, undefined],
  ["+5", 2, undefined],
  ["1e3", 2, undefined],
  ["5 ", 2, undefined],
  [" 5", 2, undefined],
  ["1.2.3", 2, undefined],
  ["NaN", 2, undefined],
])("%s with %i digits behind the point", (text, scale, value) => {
  expect(scaledInteger(text, scale)).toBe(value);
});

test.each<[bigint, number, string]>([
  [1234n, 2, "12.34"],
  [-1234n, 2, "-12.34"],
  [5n, 2, "0.05"],
  [-5n, 2, "-0.05"],
  [0n, 2, "0.00"],
  [0n, 0, "0"],
  [-7n, 0, "-7"],
  [12_345n, 4, "1.2345"],
  [12_345n, 5, "0.12345"],
])("%s is written with %i digits behind the point", (value, scale, text) => {
  expect(decimalText(value, scale)).toBe(text);
  expect(scaledInteger(text, scale)).toBe(value);
});
