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
