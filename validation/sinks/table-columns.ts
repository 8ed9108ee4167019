import type { Aggregate } from "../../contract/pipeline.ts";

/** The columns of each table in the order in which they are read. */
export const SINK_OFFSET_COLUMNS = [
  "target",
  "topic",
  "partition",
  "start_offset",
  "next_offset",
  "rows",
  "duplicates",
  "dead_letters",
  "generation",
  "writer_pid",
  "updated_at",
] as const;

export const DEAD_LETTER_COLUMNS = [
  "target",
  "topic",
  "partition",
  "offset",
  "key",
  "value",
  "reason",
  "created_at",
] as const;

/** Window, groups, shard, count, sums. */
export function aggregateColumns(spec: Aggregate): string[] {
  return [
    ...(spec.window ? [spec.window.column] : []),
    ...spec.groupBy,
    "shard",
    spec.count,
    ...Object.values(spec.sums),
  ];
}
