import { isDeepStrictEqual } from "node:util";
import type { Field, FieldType } from "../../contract/pipeline.ts";
import { byteaBytes, unescapeCopy } from "../read/copy-text.ts";
import { scaledInteger } from "./exact-sum.ts";

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
  float: () => (expected, text) => text !== "" && Number(text) === expected,
  decimal:
    ({ scale = 0 }) =>
    (expected, text) =>
      expected === text || isSameDecimal(String(expected), text, scale),
  boolean: () => (expected, text) => text === (expected === true ? "t" : "f"),
  text: () => (expected, text) => (text.includes("\\") ? unescapeCopy(text) : text) === expected,
  timestamp: () => (expected, text) => timestampText(expected as string) === text,
  date: () => isSameSpelling,
  binary: () => (expected, text) => byteaBytes(unescapeCopy(text) ?? "")?.toString("base64") === expected,
  json: () => (expected, text) => isSameJson(expected, unescapeCopy(text) ?? ""),
};

function isSameSpelling(expected: unknown, text: string): boolean {
  return String(expected) === text;
}

function isSameDecimal(expected: string, text: string, scale: number): boolean {
  const [left, right] = [scaledInteger(expected, scale), scaledInteger(text, scale)];
  return left !== undefined && left === right;
}

/** `2026-07-01T12:00:00.120Z` as PostgreSQL writes it in UTC with DateStyle ISO: `2026-07-01 12:00:00.12+00`. */
function timestampText(iso: string): string {
  let end = 23;
  while (iso.charCodeAt(end - 1) === 0x30 && end > 20) end -= 1;
  if (end === 20) end = 19;
  return `${iso.slice(0, 10)} ${iso.slice(11, end)}+00`;
}

function isSameJson(expected: unknown, text: string): boolean {
  try {
    return isDeepStrictEqual(expected, JSON.parse(text));
  } catch {
    return false;
  }
}
