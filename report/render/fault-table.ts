import { gapText, measureText, offsetText } from "../view/number-text.ts";
import type { FaultView } from "../view/fault-view.ts";
import { markdownTable, plainTable } from "./text-table.ts";

const HEADER = [
  "#",
  "at",
  "fault",
  "node",
  "effect",
  "held",
  "node ready",
  "no ack for",
  "no rows for",
  "visible again",
] as const;

/** The meaning of the fault table's columns, one line each. */
export const FAULT_TABLE_LEGEND = [
  "at: time of the injection after the run's start",
  "effect: the effect probe saw that the fault worked; a fault without an effect does not count",
  "held: from the observed effect to the verified undo",
  "node ready: from the verified undo until the node answers its protocol again",
  "no ack for: the longest time that a partition was without an acknowledgement (from the ledger); the worst partition",
  "no rows for: the longest time that a partition was without a commit of rows, events due or not; the worst partition",
  "visible again: from the injection until the first event created after the effect is a row, on the slowest partition",
  "a time without success counts for the fault in whose window it begins: from the injection until events are visible again and the node is ready",
  "with #7: fault 7 has a part in it: it was injected meanwhile, or the time began in its window as well",
  "3 decimals: exact to 1 ms (ledger, commit times, journal); `a–b`, `≤ b`: between the two (witness: about 50 ms, samples: about 1 s); `> x`: was not over when the evidence ended",
] as const;

/**
 * @param startMs the run's start, ms since 1970: times are shown relative to it.
 * @returns a table, one line per fault, in Markdown.
 */
export function faultTableMarkdown(faults: readonly FaultView[], startMs: number): string {
  return markdownTable(HEADER, rowsOf(faults, startMs));
}

/** The same table for a terminal, each line cut to its columns. */
export function faultTableText(faults: readonly FaultView[], startMs: number, columns?: number): string {
  return plainTable(HEADER, rowsOf(faults, startMs), columns);
}

function rowsOf(faults: readonly FaultView[], startMs: number): string[][] {
  return faults.map((fault) => [
    String(fault.id),
    offsetText(fault.injectedMs - startMs),
    fault.kind,
    fault.role === undefined ? fault.node : `${fault.node} (${fault.role})`,
    effectText(fault),
    ...(fault.effective === true ? measuresOf(fault) : ["-", "-", "-", "-", "-"]),
  ]);
}

function measuresOf({ held, nodeReady, ackGap, sinkGap, visibleAgain }: FaultView): string[] {
  return [measureText(held), measureText(nodeReady), gapText(ackGap), gapText(sinkGap), measureText(visibleAgain)];
}

export function effectText(fault: FaultView): string {
  if (fault.effective === true) return "yes";
  if (fault.failed !== undefined) return "not injected";
  return fault.effective === false ? "no" : "unknown";
}
