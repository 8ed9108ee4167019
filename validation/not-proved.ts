import type { NodeKind } from "../contract/node.ts";
import { NODE_KINDS } from "../contract/node.ts";
import type { Histories } from "./histories/histories.ts";

/** What even a VALID verdict does not say. */
export function notProved(histories: Histories, hit: ReadonlySet<NodeKind>, indeterminate: number): string[] {
  const missed = NODE_KINDS.filter((kind) => !hit.has(kind));
  const lines = [
    "durability against power loss: a killed process leaves the page cache, so fsync was not tested",
    "events that never came to the ledger: what the producer did not write down, nobody misses",
  ];
  if (missed.length > 0) lines.push(`failures of ${missed.join(", ")}: no effective fault hit them`);
  if (indeterminate > 0) lines.push(`${indeterminate} indeterminate events: their presence and their absence are both right`);
  if (histories.aggregates.length === 0) lines.push("aggregates: the pipeline has none");
  if (histories.unverifiable > 0)
    lines.push(`the content of ${histories.unverifiable} records and rows: the ledger lines with their creation times are damaged`);
  if (histories.strays.overflow > 0) lines.push("aggregates and counts of offsets: too many unknown events to tell them apart");
  return lines;
}
