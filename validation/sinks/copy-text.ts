import { exactInteger } from "../read/exact-integer.ts";

/**
 * PostgreSQL's COPY text format: https://www.postgresql.org/docs/18/sql-copy.html, "Text Format". Columns are separated by tabs, \N is null,
 * backslash, newline, carriage return, tab, backspace, form feed and vertical tab inside a value are escaped by a backslash.
 */
const ESCAPES: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** @returns the value of one column, or null for \N. */
export function unescapeCopy(text: string): string | null {
  if (!text.includes("\\")) return text;
  if (text === "\\N") return null;
  return text.replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|[^])/g, (_match, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
    if (code.length > 1) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    return ESCAPES[code] ?? code;
  });
}

const LETTERS = new Map(Object.entries(ESCAPES).map(([letter, character]) => [character, letter]));

/** The inverse of unescapeCopy. */
export function escapeCopy(value: string): string {
  return value.replace(/[\\\b\f\n\r\t\v]/g, (character) => `\\${LETTERS.get(character) ?? character}`);
}

/** bytea as hex, after unescaping: `\xdeadbeef`. Undefined for another form. */
export function byteaBytes(text: string): Buffer | undefined {
  return /^\\x(?:[0-9a-f]{2})*$/.test(text) ? Buffer.from(text.slice(2), "hex") : undefined;
}

/** timestamptz in UTC with DateStyle ISO: `2026-07-01 12:00:00.12+00`. Milliseconds since 1970; undefined for what has no such value (infinity, BC, microseconds). */
export function instantMs(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(text);
  if (match === null) return undefined;
  const micros = (match[3] ?? "").padEnd(6, "0");
  if (!micros.endsWith("000")) return undefined;
  const at = Date.parse(`${match[1]}T${match[2]}.${micros.slice(0, 3)}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** Any timestamptz in UTC, microseconds cut off. @returns ms since 1970; NaN for null, and for what is no such time. */
export function writtenMs(text: string | null): number {
  return text?.endsWith("+00") ? Date.parse(`${text.slice(0, -3).replace(" ", "T")}Z`) : Number.NaN;
}

/** The value of a column that should be an integer. */
export function wholeOf(text: string): number | string | null {
  return exactInteger(text) ?? unescapeCopy(text);
}

/** `2026-07-01T12:00:00.120Z` as PostgreSQL writes it in UTC with DateStyle ISO: `2026-07-01 12:00:00.12+00`. */
export function timestampText(iso: string): string {
  let end = 23;
  while (iso.charCodeAt(end - 1) === 0x30) end -= 1;
  if (end === 20) end = 19;
  return `${iso.slice(0, 10)} ${iso.slice(11, end)}+00`;
}
