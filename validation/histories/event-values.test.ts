import fc from "fast-check";
import { expect, test } from "vitest";
import { scaledInteger } from "../read/exact-sum.ts";
import { IS_MUTANT } from "../fixture/effort.ts";
import { eventOf, plainText, scaledValue } from "./event-values.ts";

test("a text is its value, whatever is escaped in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(plainText(eventOf(["1", JSON.stringify(text)]), 1)).toBe(text);
    }),
  );
});

test("a number is what its text says, times 10^scale", () => {
  const text = fc.oneof(
    fc.integer().map(String),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }).map(String),
    fc.tuple(fc.integer(), fc.stringMatching(/^\d{0,6}$/)).map(([whole, fraction]) => `${whole}.${fraction}`),
    fc.constantFrom("null", "", "-", ".", "1.", "1.2.3", "1e3", "+1", "007", "12345678901234567890.12"),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 4 }), fc.boolean(), (digits, scale, isQuoted) => {
      const exact = scaledInteger(digits, scale);
      const value = scaledValue(eventOf([isQuoted ? `"${digits}"` : digits]), 0, scale);
      expect(value).toEqual(exact === undefined ? undefined : Number(exact));
    }),
    { numRuns: IS_MUTANT ? 200 : 2000 },
  );
});

test.each<[string, number, number | undefined]>([
  ["12", 0, 12],
  ["-12", 0, -12],
  ["0", 0, 0],
  ["12.50", 2, 1250],
  ["-0.05", 2, -5],
  ['"12.50"', 2, 1250],
  ['"-12.50"', 2, -1250],
  ["12.5", 2, 1250],
  ["12", 2, 1200],
  ["12.500", 2, 1250],
  ["12.505", 2, undefined],
  ["999999999999999", 0, 999_999_999_999_999],
  ["9007199254740991", 0, 9_007_199_254_740_991],
  ["-9007199254740991", 0, -9_007_199_254_740_991],
  ["12345678901234.5", 1, 123_456_789_012_345],
  ["null", 0, undefined],
  ["true", 0, undefined],
  ['""', 0, undefined],
  ["-", 0, undefined],
  [".5", 1, undefined],
  ["-.5", 1, undefined],
  ["1.2.3", 1, undefined],
  ["1..2", 1, undefined],
  ["1e3", 0, undefined],
  ["1:", 0, undefined],
  ["1/", 0, undefined],
])("%s with %i digits after the point", (text, scale, value) => {
  expect(scaledValue(eventOf(["1", text, "2"]), 1, scale)).toBe(value);
});

test("each field of an event is found, also beside empty ones", () => {
  const event = eventOf(['"a"', '""', "5", '"\\n"', "null"]);
  expect([0, 1, 2, 3, 4].map((index) => plainText(event, index))).toEqual(["a", "", "5", "\n", "null"]);
});
