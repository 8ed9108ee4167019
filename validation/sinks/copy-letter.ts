import { byteaBytes, unescapeCopy, wholeOf, writtenMs } from "./copy-text.ts";
import type { Spelled, StoredLetter, Whole } from "./stored-tables.ts";
import { DEAD_LETTER_COLUMNS } from "./table-columns.ts";

type Column = (typeof DEAD_LETTER_COLUMNS)[number];
const AT = Object.fromEntries(DEAD_LETTER_COLUMNS.map((name, index) => [name, index])) as Record<Column, number>;

/** Dead letters as COPY's text format has them. One object shows one letter after the other. */
export class CopyLetter implements StoredLetter, Spelled {
  line = "";
  #texts!: readonly string[];

  /** Shows a line with DEAD_LETTER_COLUMNS. */
  show(line: string): this {
    this.line = line;
    this.#texts = line.split("\t");
    return this;
  }

  get target(): string | null {
    return this.#value("target");
  }

  get topic(): string | null {
    return this.#value("topic");
  }

  get partition(): Whole {
    return wholeOf(this.#text("partition"));
  }

  get offset(): Whole {
    return wholeOf(this.#text("offset"));
  }

  get key(): Buffer | null {
    return this.#bytes("key");
  }

  get value(): Buffer | null {
    return this.#bytes("value");
  }

  get reason(): string | null {
    return this.#value("reason");
  }

  get createdMs(): number {
    return writtenMs(this.created);
  }

  get created(): string | null {
    return this.#value("created_at");
  }

  #text(column: Column): string {
    return this.#texts[AT[column]] as string;
  }

  #value(column: Column): string | null {
    return unescapeCopy(this.#text(column));
  }

  #bytes(column: Column): Buffer | null {
    return byteaBytes(String(this.#value(column))) ?? null;
  }
}
