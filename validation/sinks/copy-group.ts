import type { Aggregate, Field, FieldType, Pipeline } from "../../contract/pipeline.ts";
import { decimalText, scaledInteger } from "../read/exact-sum.ts";
import { escapeCopy, instantMs, timestampText, unescapeCopy } from "./copy-text.ts";
import type { GroupValues, StoredGroup } from "./stored-tables.ts";
import { aggregateColumns } from "./table-columns.ts";

type KeyType = FieldType | "window";

/** The groups of an aggregate as COPY's text format has them. One object shows one group after the other. */
export class CopyGroup implements StoredGroup {
  readonly #columns: readonly string[];
  /** What the key consists of; the shard, which is last, has no type. */
  readonly #keys: readonly (KeyType | undefined)[];
  readonly #scales: readonly number[];
  #texts: readonly (string | null)[] = [];

  constructor({ fields }: Pick<Pipeline, "fields">, spec: Aggregate) {
    const fieldOf = (name: string) => fields.find((field) => field.name === name) as Field;
    this.#columns = aggregateColumns(spec);
    this.#keys = [
      ...(spec.window === undefined ? [] : ["window" as const]),
      ...spec.groupBy.map((name) => fieldOf(name).type),
      undefined,
    ];
    this.#scales = Object.keys(spec.sums).map((name) => fieldOf(name).scale ?? 0);
  }

  /** Shows a line with the aggregate's columns. */
  show(line: string): this {
    this.#texts = line.split("\t").map(unescapeCopy);
    return this;
  }

  get keys(): (string | undefined)[] {
    return this.#keys.map((type, index) => keyText(type, this.#texts[index]));
  }

  get count(): bigint | undefined {
    return scaledInteger(String(this.#texts[this.#keys.length]), 0);
  }

  get sums(): (bigint | undefined)[] {
    const from = this.#keys.length + 1;
    return this.#scales.map((scale, index) => scaledInteger(String(this.#texts[from + index]), scale));
  }

  describe(): string {
    return this.#columns.map((name, index) => `${name}=${this.#texts[index] ?? "null"}`).join(" ");
  }

  /** The line of a group: the inverse of `show`. */
  spell({ keys, count, sums }: GroupValues): string {
    return [
      ...keys.map((text, index) => keyColumn(this.#keys[index], text)),
      count,
      ...sums.map((sum, index) => decimalText(sum, this.#scales[index] as number)),
    ].join("\t");
  }
}

function keyText(type: KeyType | undefined, text: string | null | undefined): string | undefined {
  if (text === null || text === undefined) return undefined;
  if (type === "window") return String(instantMs(text) ?? text);
  if (type !== "boolean") return text;
  return text === "t" ? "true" : text === "f" ? "false" : undefined;
}

function keyColumn(type: KeyType | undefined, text: string): string {
  if (type === "window") return timestampText(new Date(Number(text)).toISOString());
  return type === "boolean" ? text.slice(0, 1) : escapeCopy(text);
}
