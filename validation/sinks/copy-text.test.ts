import fc from "fast-check";
import { expect, test } from "vitest";
import { copyLine, timestamptz } from "../fixture/copy-lines.ts";
import { LineSplitter } from "../read/line-splitter.ts";
import { byteaBytes, escapeCopy, instantMs, timestampText, unescapeCopy, wholeOf, writtenMs } from "./copy-text.ts";

test("any text survives COPY's escapes, and lines survive any cut", () => {
  const column = fc.option(fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(
      fc.array(fc.array(column, { minLength: 1 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 50 }),
      (rows, size) => {
        const text = Buffer.from(rows.map((row) => `${copyLine(row)}\n`).join(""));
        const lines: string[] = [];
        const splitter = new LineSplitter((line) => lines.push(line));
        for (let at = 0; at < text.length; at += size) splitter.push(text.subarray(at, at + size));
        expect(lines.map((line) => line.split("\t").map(unescapeCopy))).toEqual(rows);
        expect(splitter.rest).toHaveLength(0);
      },
    ),
  );
});

test("a backslash and an N are no null", () =>
  expect([unescapeCopy("\\N"), unescapeCopy("\\\\N"), unescapeCopy("\\x41\\101")]).toEqual([null, "\\N", "AA"]));

test("times of every millisecond, and what is none", () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(1, 0), max: Date.UTC(9999, 11) }), (ms) => {
      expect(instantMs(timestamptz(ms))).toBe(ms);
    }),
  );
  for (const text of ["infinity", "2026-01-01 00:00:00", "2026-01-01 00:00:00.123456+00", "2026-01-01 02:00:00+02"])
    expect(instantMs(text)).toBeUndefined();
});

test("bytea", () =>
  expect([byteaBytes("\\x"), byteaBytes("\\xDE"), byteaBytes("\\xdead")]).toEqual([
    Buffer.alloc(0),
    undefined,
    Buffer.from([0xde, 0xad]),
  ]));

test.each([
  ["plain", "plain"],
  [String.raw`\b\f\n\r\t\v`, "\b\f\n\r\t\v"],
  [String.raw`a\\b`, "a\\b"],
  [String.raw`\q`, "q"],
  [String.raw`\x4`, "\u0004"],
  [String.raw`\x41b`, "Ab"],
  [String.raw`\xg`, "xg"],
  [String.raw`\7`, "\u0007"],
  [String.raw`\1018`, "A8"],
  [String.raw`\8`, "8"],
  ["\\\n", "\n"],
  [String.raw`\\x41`, "\\x41"],
  [String.raw`x\N`, "xN"],
])("%j is %j", (text, value) => {
  expect(unescapeCopy(text)).toBe(value);
});

test("what is escaped is what it was", () => {
  expect(escapeCopy("a\b\f\n\r\t\v\\z")).toBe(String.raw`a\b\f\n\r\t\v\\z`);
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => unescapeCopy(escapeCopy(text)) === text));
});

test.each<[string, string | undefined]>([
  ["\\x", ""],
  ["\\x00ff", "00ff"],
  ["\\xFF", undefined],
  ["\\x0", undefined],
  ["x00", undefined],
  ["a\\x00", undefined],
  ["\\x00g", undefined],
  ["", undefined],
])("bytea %j", (text, hex) => {
  expect(byteaBytes(text)?.toString("hex")).toBe(hex);
});

test.each<[string, number | undefined]>([
  ["1970-01-01 00:00:00+00", 0],
  ["1970-01-01 00:00:00.5+00", 500],
  ["1970-01-01 00:00:00.12+00", 120],
  ["1970-01-01 00:00:00.123+00", 123],
  ["1970-01-01 00:00:00.123000+00", 123],
  ["1970-01-01 00:00:00.0001+00", undefined],
  ["1970-01-01 00:00:00.1234567+00", undefined],
  ["1970-01-01 00:00:00.+00", undefined],
  ["1970-01-01 00:00:00+01", undefined],
  ["1970-01-01 00:00:00+00 BC", undefined],
  ["x1970-01-01 00:00:00+00", undefined],
  ["1970-01-01T00:00:00+00", undefined],
  ["1970-13-01 00:00:00+00", undefined],
  ["19970-01-01 00:00:00+00", undefined],
  ["1970-01-01 00:00:0a+00", undefined],
  ["1970-01-0x 00:00:00+00", undefined],
])("the time %s", (text, ms) => {
  expect(instantMs(text)).toBe(ms);
});

test.each([
  ["2026-07-01T12:00:00.120Z", "2026-07-01 12:00:00.12+00"],
  ["2026-07-01T12:00:00.100Z", "2026-07-01 12:00:00.1+00"],
  ["2026-07-01T12:00:00.123Z", "2026-07-01 12:00:00.123+00"],
  ["2026-07-01T12:00:00.003Z", "2026-07-01 12:00:00.003+00"],
  ["2026-07-01T12:00:00.000Z", "2026-07-01 12:00:00+00"],
  ["2026-07-01T12:00:10.000Z", "2026-07-01 12:00:10+00"],
  ["2026-07-01T00:00:00.000Z", "2026-07-01 00:00:00+00"],
])("%s is spelled %s", (iso, text) => {
  expect(timestampText(iso)).toBe(text);
});

test.each<[string | null, number]>([
  ["2026-07-01 12:00:00+00", Date.UTC(2026, 6, 1, 12)],
  ["2026-07-01 12:00:00.12+00", Date.UTC(2026, 6, 1, 12, 0, 0, 120)],
  ["2026-07-01 12:00:00.123456+00", Date.UTC(2026, 6, 1, 12, 0, 0, 123)],
  ["2026-07-01 12:00:00", Number.NaN],
  ["2026-07-01 12:00:00+00 BC", Number.NaN],
  ["infinity", Number.NaN],
  ["", Number.NaN],
  [null, Number.NaN],
])("the time %j is %j", (text, ms) => {
  expect(writtenMs(text)).toBe(ms);
});

test("an integer is a number, null is null, and anything else is a text", () => {
  expect(["7", "-7", "07", "1.5", "", "\\N", "a\\tb", "9007199254740993"].map(wholeOf)).toEqual([
    7,
    -7,
    "07",
    "1.5",
    "",
    null,
    "a\tb",
    "9007199254740993",
  ]);
});
