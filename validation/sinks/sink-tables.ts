import type { Pipeline } from "../../contract/pipeline.ts";
import { CopyTables } from "./copy-tables.ts";
import type { StoredTables } from "./stored-tables.ts";

/** Reads the tables of a run's sink. There is one kind of sink: PostgreSQL. Another one is a file beside copy-tables.ts and a choice here. */
export function sinkTables(pipeline: Pipeline, run: number): StoredTables {
  return new CopyTables(pipeline, run);
}
