import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteWriter } from "./byte-writer.ts";

const written = (write: (out: ByteWriter) => void): string => {
  const out = new ByteWriter();
  write(out);
  return out.toString();
};

test("writes every number as JSON does", () => {
  const numbers = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer(),
    fc.constantFrom(0, -0, 9, 10, 999_999_999, 1e9, 2 ** 31 - 1, 2 ** 31, 1e18, Number.MAX_SAFE_INTEGER, 0.5, 1e21),
  );
  fc.assert(
    fc.property(numbers, (number) => {
      expect(written((out) => out.number(number))).toBe(JSON.stringify(number));
    }),
  );
});

test("fills digits up with zeros", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 12 }), (number, least) => {
      expect(written((out) => out.digits(number, least))).toBe(String(number).padStart(least, "0"));
    }),
  );
});

test("grows, keeps what it has, and begins anew", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 400 }), { maxLength: 30 }), (texts) => {
      const out = new ByteWriter();
      for (const round of [1, 2]) {
        out.length = 0;
        for (const [index, text] of texts.entries()) {
          if (index % 2 === 0) out.text(text);
          else out.bytes(Buffer.from(text));
          out.byte(0x30 + round);
        }
        expect(out.toString()).toBe(texts.map((text) => `${text}${round}`).join(""));
      }
    }),
  );
});
