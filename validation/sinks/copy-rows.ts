import type { EventBytes } from "../../contract/event.ts";
import { eventPlace } from "../../contract/event.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { ColumnComparer } from "./compare-column.ts";
import { compileColumn } from "./compare-column.ts";
import type { CopyColumns } from "./copy-columns.ts";
import { compileCopyColumns } from "./copy-columns.ts";
import { shortText } from "../read/short-text.ts";
import type { Spelled, StoredRow } from "./stored-tables.ts";

const TAB = 0x09;
const ZERO = 0x30;

/**
 * Rows as COPY's text format has them: run, event, then the pipeline's fields. One object shows one row after the other; a row is valid until
 * the next `show`.
 */
export class CopyRow implements StoredRow, Spelled {
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
    const place = eventPlace(this.#eventAt(from + prefix.length));
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
        return `${name} is ${shortText(text ?? "missing")}, not ${shortText(json)}`;
    }
    return texts.length === this.#columns.length + 2 ? undefined : `${texts.length} columns`;
  }

  /** @returns NaN for a text that is no event's number. One of 2^53 and beyond may be rounded, and no event has it. */
  #eventAt(from: number): number {
    const bytes = this.#bytes;
    let value = 0;
    let at = from;
    for (; at < this.#to && bytes[at] !== TAB; at++) {
      const digit = (bytes[at] as number) - ZERO;
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : NaN;
    }
    this.#fieldsFrom = at;
    const isCanonical = at === from + 1 || (at > from && bytes[from] !== ZERO);
    return isCanonical ? value : NaN;
  }
}
