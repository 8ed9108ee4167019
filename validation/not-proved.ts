import { NODE_KINDS } from "../contract/node.ts";
import type { FaultsOfKind } from "../contract/verdict.ts";
import type { Histories } from "./histories/histories.ts";
import { PATHS_OF } from "./load/fault-window.ts";
import { missingText } from "./load/stake.ts";

/**
 * @param noStoring why nobody can say when something was stored; undefined: it is known.
 * @returns what the verdict does not prove, even if it is VALID: one line each.
 */
export function notProved(
  histories: Histories,
  faults: readonly FaultsOfKind[],
  noStoring: string | undefined,
  indeterminate: number,
): string[] {
  // No event goes through the monitor: its failures would prove nothing, so they are not missing.
  const spared = NODE_KINDS.filter(
    (kind) => PATHS_OF[kind].length > 0 && faults.every((line) => line.node_kind !== kind),
  );
  const lines = [
    "durability against power loss: the page cache survives a killed process, so fsync was not tested",
    "events that never reached the ledger: if the producer did not write an event down, nobody misses it",
  ];
  if (spared.length > 0) lines.push(`failures of ${spared.join(", ")}: no fault had an effect on them`);
  for (const line of faults)
    if (line.recovered === 0 && PATHS_OF[line.node_kind].length > 0)
      lines.push(`failures of ${missingText(line, noStoring)}`);
  if (noStoring !== undefined) lines.push(`faults on the way to PostgreSQL: ${noStoring}`);
  if (indeterminate > 0) lines.push(`${indeterminate} indeterminate events: each may be present or absent`);
  if (histories.aggregates.length === 0) lines.push("aggregates: the pipeline has none");
  if (histories.strays.overflow > 0)
    lines.push("aggregates and counts of offsets: too many unknown events to tell them apart");
  return lines;
}
