import type { Aggregate, Field, Pipeline } from "../../contract/pipeline.ts";
import { windowSizeMs } from "../../contract/pipeline.ts";
import { instantMs, unescapeCopy } from "../read/copy-text.ts";
import { decimalText, ExactSum, scaledInteger } from "./exact-sum.ts";

/** JSON values of an event, by field name. */
export type EventValues = Record<string, unknown>;

/** A group as PostgreSQL stores it; sums are times 10^scale. */
export type StoredGroup = { count: bigint; sums: readonly bigint[] };
type ComputedGroup = { count: number; sums: ExactSum[] };

/** U+0000 can stand in no PostgreSQL text, so keys can't run together. */
const SEPARATOR = "\u0000";

/** One aggregate of the pipeline: recomputed from the log, event by event, and as stored. Memory grows with its groups, not with events. */
export class AggregateTable {
  readonly spec: Aggregate;
  /** Columns in the order in which `storedLine` wants them: window, groups, shard, count, sums. */
  readonly columns: readonly string[];
  readonly stored: Map<string, StoredGroup>;
  /** Rows that repeat another's group, or can't be read. */
  readonly odd: string[];
  readonly #keyFields: Field[];
  readonly #sumFields: Field[];
  readonly #windowMs: number;
  /** By shard, then by group. A group of one column that is a number or text is its own key: no text is made of it per event. */
  readonly #computed = new Map<number, Map<unknown, ComputedGroup>>();
  readonly #isPlain: boolean;
  readonly #isNumber: boolean;
  /** The window of the last event: the next one is often of the same millisecond. */
  #windowOf = "";
  #window = "";

  constructor(pipeline: Pipeline, spec: Aggregate) {
    const field = (name: string) => pipeline.fields.find((item) => item.name === name) as Field;
    this.spec = spec;
    this.stored = new Map();
    this.odd = [];
    this.#keyFields = spec.groupBy.map(field);
    this.#sumFields = Object.keys(spec.sums).map(field);
    const [only] = this.#keyFields;
    this.#isPlain = spec.window === undefined && this.#keyFields.length === 1 && only?.type !== "boolean";
    this.#isNumber = this.#isPlain && (only?.type === "int" || only?.type === "bigint");
    this.#windowMs = spec.window === undefined ? 0 : windowSizeMs(spec.window.size);
    this.columns = [...(spec.window ? [spec.window.column] : []), ...spec.groupBy, "shard", spec.count, ...Object.values(spec.sums)];
  }

  /** Counts one event that the sink must have counted. `shard` is its Kafka partition. */
  add(values: EventValues, shard: number): void {
    let groups = this.#computed.get(shard);
    if (groups === undefined) {
      groups = new Map();
      this.#computed.set(shard, groups);
    }
    const key = this.#isPlain ? values[(this.#keyFields[0] as Field).name] : this.#keyOf(values);
    let group = groups.get(key);
    if (group === undefined) {
      group = { count: 0, sums: this.#sumFields.map(() => new ExactSum()) };
      groups.set(key, group);
    }
    group.count += 1;
    for (let index = 0; index < this.#sumFields.length; index++) {
      const item = this.#sumFields[index] as Field;
      const value = values[item.name];
      if (value !== null && value !== undefined) (group.sums[index] as ExactSum).add(scaled(value, item.scale ?? 0));
    }
  }

  /** Takes one row in COPY's text format. */
  storedLine(line: string): void {
    const texts = line.split("\t").map(unescapeCopy);
    const keyLength = this.columns.length - 1 - this.#sumFields.length;
    const keys = texts.slice(0, keyLength).map((text, index) => this.#keyText(index, text));
    const count = scaledInteger(texts[keyLength] ?? "", 0);
    const sums = this.#sumFields.map((item, index) => scaledInteger(texts[keyLength + 1 + index] ?? "0", item.scale ?? 0));
    const key = keys.join(SEPARATOR);
    if (count === undefined || sums.includes(undefined) || keys.includes(undefined) || this.stored.has(key))
      this.odd.push(`${this.spec.table}: ${this.columns.map((name, index) => `${name}=${texts[index] ?? "null"}`).join(" ")}`);
    else this.stored.set(key, { count, sums: sums as bigint[] });
  }

  /** What the log says of a group. */
  computedGroup(key: string): StoredGroup | undefined {
    const at = key.lastIndexOf(SEPARATOR);
    const plain = key.slice(0, Math.max(at, 0));
    const group = this.#computed.get(Number(key.slice(at + 1)))?.get(this.#isNumber ? Number(plain) : plain);
    return group === undefined ? undefined : { count: BigInt(group.count), sums: group.sums.map((sum) => sum.value) };
  }

  /** The keys of all groups that the log has; of the same form as those of `stored`. */
  *computedKeys(): Generator<string> {
    for (const [shard, groups] of this.#computed)
      for (const key of groups.keys()) yield key === "" && this.#keyFields.length === 0 ? String(shard) : `${key as string | number}${SEPARATOR}${shard}`;
  }

  /** "minute=2026-01-01T00:00:00.000Z type=refund shard=3" */
  describeKey(key: string): string {
    const parts = key.split(SEPARATOR);
    const shown = parts.map((part, index) => {
      const isWindow = index === 0 && this.spec.window !== undefined && /^-?\d+$/.test(part);
      return `${this.columns[index]}=${isWindow ? new Date(Number(part)).toISOString() : part}`;
    });
    return `${this.spec.table}: ${shown.join(" ")}`;
  }

  /** "events 10, amount_cents_total 1234" */
  describeGroup(group: StoredGroup | undefined): string {
    if (group === undefined) return "no row";
    const sums = this.#sumFields.map((item, index) => `${this.spec.sums[item.name]} ${decimalText(group.sums[index] as bigint, item.scale ?? 0)}`);
    return [`${this.spec.count} ${group.count}`, ...sums].join(", ");
  }

  #keyOf(values: EventValues): string {
    let key = "";
    if (this.spec.window !== undefined) {
      const at = values[this.spec.window.field] as string;
      if (at !== this.#windowOf) {
        this.#windowOf = at;
        this.#window = String(Math.floor(Date.parse(at) / this.#windowMs) * this.#windowMs);
      }
      key = this.#window;
    }
    for (let index = 0; index < this.#keyFields.length; index++) {
      const text = String(values[(this.#keyFields[index] as Field).name]);
      key = index === 0 && this.spec.window === undefined ? text : key + SEPARATOR + text;
    }
    return key;
  }

  #keyText(index: number, text: string | null): string | undefined {
    if (text === null) return undefined;
    if (this.spec.window !== undefined && index === 0) return String(instantMs(text) ?? text);
    const item = this.#keyFields[index - (this.spec.window === undefined ? 0 : 1)];
    return item?.type === "boolean" ? String(text === "t") : text;
  }
}

function scaled(value: unknown, scale: number): number {
  if (typeof value === "number" && scale === 0) return value;
  if (typeof value === "string" && value.length > scale + 1 && value[value.length - scale - 1] === ".") return Number(value.replace(".", ""));
  return Number(scaledInteger(String(value), scale) ?? 0n);
}
