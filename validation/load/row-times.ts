import { eventNumber } from "../../contract/event.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import type { Acknowledged } from "./last-acknowledged.ts";
import type { RowTimes } from "./storing-load.ts";

/**
 * Asks PostgreSQL when rows were committed: each partition's first and last row, and the last row up to each of these batches. A few
 * look-ups per fault and partition are enough, because a partition's rows are stored in the order of their events.
 */
export async function readRowTimes(
  lookUp: LookUpRows,
  partitions: number,
  batches: readonly Acknowledged[],
): Promise<RowTimes> {
  const lanes = Array.from({ length: partitions }, (_, partition) => ({
    low: eventNumber(partition, 0),
    high: eventNumber(partition + 1, 0) - 1,
  }));
  const firsts = await lookUp(lanes.map((lane) => ({ ...lane, pick: "first" })));
  const lasts = await lookUp(lanes.map((lane) => ({ ...lane, pick: "last" })));
  const found = await lookUp(
    batches.map(({ partition, endSequence }) => ({
      low: eventNumber(partition, 0),
      high: eventNumber(partition, endSequence) - 1,
      pick: "last",
    })),
  );
  const times = (rows: typeof firsts) => rows.flatMap((row) => row?.committedMs ?? []);
  const committed = new Map(batches.map((batch, place) => [batch, found[place]?.committedMs]));
  return {
    firstMs: times(firsts).toSorted((a, b) => a - b)[0],
    lastMs: times(lasts).toSorted((a, b) => b - a)[0],
    committedMs: (batch) => committed.get(batch),
  };
}
