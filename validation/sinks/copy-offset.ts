import { shortText } from "../read/short-text.ts";
import { unescapeCopy, wholeOf, writtenMs } from "./copy-text.ts";
import type { StoredOffset, Whole } from "./stored-tables.ts";
import { SINK_OFFSET_COLUMNS } from "./table-columns.ts";

type Column = (typeof SINK_OFFSET_COLUMNS)[number];

/** A row of sink_offsets as COPY's text format has it. There are as few as partitions. */
export class CopyOffset implements StoredOffset {
  readonly #texts: readonly string[];

  /** @param line with SINK_OFFSET_COLUMNS. */
  constructor(line: string) {
    this.#texts = line.split("\t");
  }

  get target(): string | null {
    return this.#value("target");
  }

  get topic(): string | null {
    return this.#value("topic");
  }

  get partition(): Whole {
    return this.#whole("partition");
  }

  get startOffset(): Whole {
    return this.#whole("start_offset");
  }

  get nextOffset(): Whole {
    return this.#whole("next_offset");
  }

  get rows(): Whole {
    return this.#whole("rows");
  }

  get duplicates(): Whole {
    return this.#whole("duplicates");
  }

  get deadLetters(): Whole {
    return this.#whole("dead_letters");
  }

  get generation(): Whole {
    return this.#whole("generation");
  }

  get writerPid(): Whole {
    return this.#whole("writer_pid");
  }

  get updatedMs(): number {
    return writtenMs(this.updated);
  }

  get updated(): string | null {
    return this.#value("updated_at");
  }

  describe(): string {
    return SINK_OFFSET_COLUMNS.map((name) => `${name} ${shortText(this.#value(name) ?? "null")}`).join(", ");
  }

  /** A column that is not there is null. */
  #text(column: Column): string {
    return this.#texts[SINK_OFFSET_COLUMNS.indexOf(column)] ?? "\\N";
  }

  #value(column: Column): string | null {
    return unescapeCopy(this.#text(column));
  }

  #whole(column: Column): Whole {
    return wholeOf(this.#text(column));
  }
}
