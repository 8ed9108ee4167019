import fc from "fast-check";
import { expect, test } from "vitest";
import { copyLine, timestamptz } from "../fixture/copy-lines.ts";
import { LineSplitter } from "../read/line-splitter.ts";
import { byteaBytes, instantMs, unescapeCopy } from "./copy-text.ts";

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
