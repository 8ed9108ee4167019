import { eventNumber } from "../../contract/event.ts";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import type { FirstAfter } from "./first-after-fault.ts";

/** From a fault's injection until an event that was created after its effect was a row, on the slowest partition. */
export type VisibleAgain = { fault: FaultHistory; partition: number; ms: number };

/** @returns one for each fault after which events were created that became rows. An event without a row (a dead letter) stands back for the next. */
export async function visibleAgain(lookUp: LookUpRows, firsts: readonly FirstAfter[]): Promise<VisibleAgain[]> {
  const rows = await lookUp(
    firsts.map(({ partition, sequence }) => ({
      low: eventNumber(partition, sequence),
      high: eventNumber(partition + 1, 0) - 1,
      pick: "first",
    })),
  );
  const slowest = new Map<FaultHistory, VisibleAgain>();
  for (const [index, { fault, partition }] of firsts.entries()) {
    const row = rows[index];
    if (row === undefined) continue;
    const ms = row.committedMs - fault.injectedMs;
    if (ms > (slowest.get(fault)?.ms ?? -Infinity)) slowest.set(fault, { fault, partition, ms });
  }
  return [...slowest.values()];
}
