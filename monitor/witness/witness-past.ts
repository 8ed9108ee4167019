import type { RowRange } from "../../contract/rows-digest.ts";
import { WitnessGrammar } from "../../contract/witness-grammar.ts";
import { witnessReader } from "../../contract/witness.ts";
import type { WitnessRecord } from "../../contract/witness.ts";
import { KnownRanges } from "./known-ranges.ts";

/** What a new session must know of those before it: read from the file's lines, in bounded memory. */
export class WitnessPast {
  readonly #reader = witnessReader();
  readonly #grammar: WitnessGrammar;
  /** By partition: the offset behind the last record that was read. */
  readonly positions = new Map<number, number>();
  readonly ranges = new KnownRanges();
  #crc = 0;

  constructor(run: number) {
    this.#grammar = new WitnessGrammar({ run });
  }

  /** Number of the session to begin. */
  get nextSession(): number {
    return this.#grammar.session + 1;
  }

  get lines(): number {
    return this.#grammar.lines;
  }

  /** Of the last line. */
  get crc(): number {
    return this.#crc;
  }

  /** @param line without its "\n". @returns why the line can't stand there, as a sentence; undefined: it can. */
  add(line: string): string | undefined {
    const record = this.#reader.read(line);
    if (typeof record === "string") return record;
    this.#crc = this.#reader.crc;
    return this.#grammar.apply(record) ?? this.#follow(record);
  }

  #follow(record: WitnessRecord): undefined {
    if (record.t === "log") this.positions.set(record.partition, record.to);
    if (record.t === "rows") this.ranges.add(rangeOf(record));
  }
}

function rangeOf({ partition, from, to }: RowRange): RowRange {
  return { partition, from, to };
}
