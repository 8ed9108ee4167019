import fc from "fast-check";
import { expect, test } from "vitest";
import { scaledInteger } from "../read/exact-sum.ts";
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
    { numRuns: 2000 },
  );
});
