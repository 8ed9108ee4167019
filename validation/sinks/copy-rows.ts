import type { EventBytes } from "../../contract/event.ts";
import { eventPlace } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { ColumnComparer } from "./compare-column.ts";
import { compileColumn } from "./compare-column.ts";
import { exactInteger } from "../read/exact-integer.ts";
import type { CopyColumns } from "./copy-columns.ts";
import { compileCopyColumns } from "./copy-columns.ts";
import type { StoredRow } from "./stored-row.ts";

const TAB = 0x09;
const ZERO = 0x30;
/** An event number of so many digits is below 2^53, so adding its digits up is exact. */
const SURE_DIGITS = 15;

/**
 * Rows as COPY's text format has them: run, event, then the pipeline's fields. One object shows one row after the other; a row is valid until
 * the next `show`.
 */
export class CopyRow implements StoredRow {
  readonly #prefix: Buffer;
  readonly #isSame: CopyColumns | undefined;
  readonly #columns: { name: string; compare: ColumnComparer }[];
  #bytes: Buffer = Buffer.alloc(0);
  #from = 0;
  #to = 0;
  /** Behind the identity, if it was read. */
  #fieldsFrom = 0;
  partition = -1;
  sequence = -1;

  constructor(pipeline: Pipeline, run: number) {
    this.#prefix = Buffer.from(`${run}\t`);
    this.#isSame = compileCopyColumns(pipeline);
    this.#columns = pipeline.fields.map((field) => ({ name: field.name, compare: compileColumn(field) }));
  }

  /** Shows the line at [from, to) of these bytes. */
  show(bytes: Buffer, from: number, to: number): this {
    this.#bytes = bytes;
    this.#from = from;
    this.#to = to;
    this.partition = this.sequence = -1;
    const prefix = this.#prefix;
    for (let at = 0; at < prefix.length; at++) if (bytes[from + at] !== prefix[at]) return this;
    const event = this.#eventAt(from + prefix.length);
    const place = event === undefined ? undefined : eventPlace(event);
    if (place !== undefined) ({ partition: this.partition, sequence: this.sequence } = place);
    return this;
  }

  get line(): string {
    return this.#bytes.toString("utf8", this.#from, this.#to);
  }

  get run(): string {
    return this.line.split("\t", 1)[0] as string;
  }

  get event(): string {
    return this.line.split("\t", 2)[1] ?? "";
  }

  difference(expected: EventBytes): string | undefined {
    if (this.#isSame?.(expected, this.#bytes, this.#fieldsFrom, this.#to) === true) return undefined;
    const texts = this.line.split("\t");
    for (let index = 0; index < this.#columns.length; index++) {
      const { name, compare } = this.#columns[index] as { name: string; compare: ColumnComparer };
      const text = texts[index + 2];
      const json = expected.textOf(index);
      if (text === undefined || !compare(JSON.parse(json), text))
        return `${name} is ${short(text ?? "missing")}, not ${short(json)}`;
    }
    return texts.length === this.#columns.length + 2 ? undefined : `${texts.length} columns`;
  }

  #eventAt(from: number): number | undefined {
    const bytes = this.#bytes;
    let value = 0;
    let at = from;
    for (; at < this.#to; at++) {
      const code = bytes[at] as number;
      if (code === TAB) break;
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || at - from >= SURE_DIGITS) return this.#oddEvent(from);
      value = value * 10 + digit;
    }
    this.#fieldsFrom = at;
    const isCanonical = at === from + 1 || (at > from && bytes[from] !== ZERO);
    return isCanonical ? value : undefined;
  }

  #oddEvent(from: number): number | undefined {
    this.#fieldsFrom = from + Buffer.byteLength(this.event);
    return exactInteger(this.event);
  }
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
