import type { Aggregate } from "../../contract/pipeline.ts";

/** The columns of an aggregate's table: window, groups, shard, count, sums. */
export function aggregateColumns(spec: Aggregate): string[] {
  return [
    ...(spec.window ? [spec.window.column] : []),
    ...spec.groupBy,
    "shard",
    spec.count,
    ...Object.values(spec.sums),
  ];
}
