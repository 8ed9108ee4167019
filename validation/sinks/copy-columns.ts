import type { EventBytes } from "../../contract/event.ts";
import type { Field, Pipeline } from "../../contract/pipeline.ts";
import { escapeCopy, timestampText } from "./copy-text.ts";

/**
 * Says whether the columns at [from, to) are those of the event, spelled as COPY spells them. `false` decides nothing: a value that PostgreSQL
 * may spell in another way is compared as a value afterwards (compare-column.ts).
 */
export type CopyColumns = (event: EventBytes, line: Buffer, from: number, to: number) => boolean;

/** Where the column's text at `at` ends, if it spells the JSON text at [from, to) of the event; else -1. */
type ColumnText = (event: Buffer, from: number, to: number, line: Buffer, at: number) => number;

const TAB = 0x09;
const BACKSLASH = 0x5c;
const NULL = Buffer.from("null");
const TRUE = Buffer.from("true");
const COPY_NULL = Buffer.from("\\N");

/**
 * Compiles how PostgreSQL spells the fields of the pipeline in COPY's text format, so that nearly every row is compared byte by byte, and no
 * text is made of it.
 * @returns undefined if the pipeline has a type whose spelling can't be foretold: jsonb orders members in its own way.
 */
export function compileCopyColumns(pipeline: Pipeline): CopyColumns | undefined {
  const columns = pipeline.fields.map(columnOf);
  if (columns.includes(undefined)) return undefined;
  const texts = columns as ColumnText[];
  return (event, line, from, to) => {
    const { buffer } = event;
    let at = from;
    for (let index = 0; index < texts.length; index++) {
      if (line[at++] !== TAB) return false;
      const start = event.from[index] as number;
      const end = event.to[index] as number;
      at = isSame(buffer, start, end, NULL)
        ? endOf(COPY_NULL, 0, COPY_NULL.length, line, at)
        : (texts[index] as ColumnText)(buffer, start, end, line, at);
    }
    return at === to;
  };
}

/** From a field's JSON text to its text in COPY; null is dealt with before. */
function columnOf({ type }: Field): ColumnText | undefined {
  switch (type) {
    case "int":
    case "bigint":
    case "float":
      return endOf;
    case "boolean":
      return (event, from, to, line, at) => (line[at] === (isSame(event, from, to, TRUE) ? 0x74 : 0x66) ? at + 1 : -1);
    case "decimal":
    case "date":
    case "text":
      return textEnd;
    case "timestamp":
      return compileRespelled((text) => timestampText(text));
    case "binary":
      return compileRespelled((text) => `\\\\x${Buffer.from(text, "base64").toString("hex")}`);
    default:
      return undefined;
  }
}

/** Every character that COPY escapes has an escape in JSON, too. */
function textEnd(event: Buffer, from: number, to: number, line: Buffer, at: number): number {
  let next = at;
  for (let index = from + 1; index < to - 1; index++) {
    if (event[index] === BACKSLASH) {
      const escaped = Buffer.from(escapeCopy(JSON.parse(event.toString("utf8", from, to)) as string));
      return endOf(escaped, 0, escaped.length, line, at);
    }
    if (event[index] !== line[next++]) return -1;
  }
  return next;
}

/** Events that follow each other often share their creation time: the last spelling is kept. */
function compileRespelled(spell: (text: string) => string): ColumnText {
  let last = Buffer.alloc(0);
  let spelled = Buffer.alloc(0);
  return (event, from, to, line, at) => {
    if (!isSame(event, from, to, last)) {
      last = Buffer.from(event.subarray(from, to));
      spelled = Buffer.from(spell(event.toString("latin1", from + 1, to - 1)));
    }
    return endOf(spelled, 0, spelled.length, line, at);
  };
}

/** Where [from, to) of `expected` ends, if it stands in `line` at `at`; else -1. */
function endOf(expected: Buffer, from: number, to: number, line: Buffer, at: number): number {
  let next = at;
  for (let index = from; index < to; index++) if (expected[index] !== line[next++]) return -1;
  return next;
}

function isSame(bytes: Buffer, from: number, to: number, other: Buffer): boolean {
  return to - from === other.length && endOf(other, 0, other.length, bytes, from) >= 0;
}
