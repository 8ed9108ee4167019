import { escapeIdentifier, escapeLiteral } from "pg";
import { eventNumber } from "../../contract/event.ts";
import type { Aggregate, Pipeline } from "../../contract/pipeline.ts";
import { aggregateColumns, DEAD_LETTER_COLUMNS, SINK_OFFSET_COLUMNS } from "../sinks/table-columns.ts";
import type { TablePart } from "./run-source.ts";

/** Which tables, and whose rows in them. */
export type PartScope = { schema: string; pipeline: Pipeline; topic: string; run: number };

/**
 * @returns the SELECT of a part. The parts of a table are disjoint, and together they are the whole table, whatever stands in it: a row with a
 *   null identity, too. The rows of a partition are a range of the primary key.
 */
export function partQuery(scope: PartScope, part: TablePart): string {
  const { pipeline } = scope;
  switch (part.of) {
    case "offsets":
      return select(scope, SINK_OFFSET_COLUMNS, "sink_offsets");
    case "rows": {
      const { run, event } = pipeline.identity;
      const columns = [run, event, ...pipeline.fields.map(({ name }) => name)];
      return select(scope, columns, pipeline.table, rowsCondition(scope, part.partition));
    }
    case "letters": {
      const order = ["target", "topic", "partition", "offset"].map(escapeIdentifier).join(", ");
      const condition = lettersCondition(scope, part.partition);
      return `${select(scope, DEAD_LETTER_COLUMNS, "dead_letters", condition)} ORDER BY ${order}`;
    }
    default: {
      const spec = pipeline.aggregates[part.aggregate] as Aggregate;
      return select(scope, aggregateColumns(spec), spec.table, partitionCondition("shard", part.partition, pipeline));
    }
  }
}

function rowsCondition({ pipeline, run }: PartScope, partition: number | "rest"): string {
  const [runColumn, event] = [pipeline.identity.run, pipeline.identity.event].map(escapeIdentifier);
  const ours = (from: number, to: number) =>
    `${runColumn} = ${run} AND ${event} >= ${eventNumber(from, 0)} AND ${event} < ${eventNumber(to, 0)}`;
  if (partition !== "rest") return ours(partition, partition + 1);
  return `(${ours(0, pipeline.partitions)}) IS NOT TRUE`;
}

function lettersCondition({ pipeline, topic }: PartScope, partition: number | "rest"): string {
  const ours = `target = ${escapeLiteral(pipeline.table)} AND topic = ${escapeLiteral(topic)}`;
  const all = `${ours} AND "partition" >= 0 AND "partition" < ${pipeline.partitions}`;
  return partition === "rest" ? `(${all}) IS NOT TRUE` : `${ours} AND "partition" = ${partition}`;
}

function partitionCondition(column: string, partition: number | "rest", { partitions }: Pipeline): string {
  if (partition !== "rest") return `${column} = ${partition}`;
  return `(${column} >= 0 AND ${column} < ${partitions}) IS NOT TRUE`;
}

function select({ schema }: PartScope, columns: readonly string[], table: string, condition?: string): string {
  const where = condition === undefined ? "" : ` WHERE ${condition}`;
  const from = `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
  return `SELECT ${columns.map(escapeIdentifier).join(", ")} FROM ${from}${where}`;
}
