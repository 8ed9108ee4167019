import { isDeepStrictEqual } from "node:util";
import type { Field, FieldType } from "../../contract/pipeline.ts";
import { byteaBytes, timestampText, unescapeCopy } from "./copy-text.ts";
import { parseNumbers } from "../read/exact-json.ts";
import { scaledInteger } from "../read/exact-sum.ts";

/** Says whether a column in COPY's text format holds the event's JSON value. */
export type ColumnComparer = (expected: unknown, text: string) => boolean;

/**
 * The comparison for a field's type: values are compared, not spellings, where PostgreSQL may spell one value in several ways
 * (floats, decimals of another scale, the order of jsonb's members).
 */
export function compileColumn(field: Field): ColumnComparer {
  const compare = COMPARERS[field.type](field);
  return (expected, text) => {
    if (text === "\\N") return expected === null || expected === undefined;
    return expected !== null && expected !== undefined && compare(expected, text);
  };
}

const COMPARERS: Record<FieldType, (field: Field) => ColumnComparer> = {
  int: () => isSameSpelling,
  bigint: () => isSameSpelling,
  // Object.is: -0 is another value than 0.
  float: () => (expected, text) => FLOAT.test(text) && Object.is(Number(text), expected),
  decimal:
    ({ scale = 0 }) =>
    (expected, text) =>
      expected === text || isSameDecimal(String(expected), text, scale),
  boolean: () => (expected, text) => text === (expected === true ? "t" : "f"),
  text: () => (expected, text) => unescapeCopy(text) === expected,
  timestamp: () => (expected, text) => timestampText(expected as string) === text,
  date: () => isSameSpelling,
  binary: () => (expected, text) => byteaBytes(unescapeCopy(text) as string)?.toString("base64") === expected,
  json: () => (expected, text) => isSameJson(expected, unescapeCopy(text) as string),
};

/** As PostgreSQL spells a finite double precision. */
const FLOAT = /^-?\d+(?:\.\d+)?(?:e[+-]\d+)?$/;
/** A number with more digits than a double is sure to hold; or a text like one. */
const MANY_DIGITS = /[\d.]{16}/;

/** Stands for a number that JSON.parse would round: no event has such a value. */
const ROUNDED = Symbol("rounded");

function isSameSpelling(expected: unknown, text: string): boolean {
  return String(expected) === text;
}

function isSameDecimal(expected: string, text: string, scale: number): boolean {
  const [left, right] = [scaledInteger(expected, scale), scaledInteger(text, scale)];
  return left !== undefined && left === right;
}

function isSameJson(expected: unknown, text: string): boolean {
  try {
    const parsed: unknown = MANY_DIGITS.test(text)
      ? parseNumbers(text, (value, source) => (String(value) === source ? value : ROUNDED))
      : JSON.parse(text);
    return isDeepStrictEqual(expected, parsed);
  } catch {
    return false;
  }
}
