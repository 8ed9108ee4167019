import type { Aggregate, Pipeline } from "../../contract/pipeline.ts";
import { LineSplitter } from "../read/line-splitter.ts";
import { CopyChunks } from "./copy-chunks.ts";
import { CopyGroup } from "./copy-group.ts";
import { CopyLetter } from "./copy-letter.ts";
import { CopyOffset } from "./copy-offset.ts";
import { CopyRow } from "./copy-rows.ts";
import type { Spelled, StoredGroup, StoredLetter, StoredOffset, StoredRow } from "./stored-tables.ts";
import type { StoredTables, TakeChunk } from "./stored-tables.ts";

/** Tables of PostgreSQL as COPY's text format has them: one line per row. */
export class CopyTables implements StoredTables {
  readonly #pipeline: Pipeline;
  readonly #run: number;

  constructor(pipeline: Pipeline, run: number) {
    this.#pipeline = pipeline;
    this.#run = run;
  }

  offsets(show: (offset: StoredOffset) => void): TakeChunk {
    return lines((line) => show(new CopyOffset(line)));
  }

  letters(show: (letter: StoredLetter & Spelled) => void): TakeChunk {
    const letter = new CopyLetter();
    return lines((line) => show(letter.show(line)));
  }

  rows(show: (row: StoredRow & Spelled) => void): TakeChunk {
    const row = new CopyRow(this.#pipeline, this.#run);
    const chunks = new CopyChunks((bytes, from, to) => show(row.show(bytes, from, to)));
    return (chunk) => chunks.push(chunk);
  }

  groups(spec: Aggregate, show: (group: StoredGroup) => void): TakeChunk {
    const group = new CopyGroup(this.#pipeline, spec);
    return lines((line) => show(group.show(line)));
  }
}

function lines(line: (text: string) => void): TakeChunk {
  const splitter = new LineSplitter(line);
  return (chunk) => splitter.push(chunk);
}
