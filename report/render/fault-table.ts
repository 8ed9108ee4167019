import { measureText, offsetText } from "./number-text.ts";
import type { FaultRecovery, Measure } from "../measure/recovery.ts";
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
  "no rows for: the longest time that a partition's next_offset in PostgreSQL stood still, events due or not (from the samples, resolution 1 s); the worst partition",
  "visible again: from the injection until the first event created after the effect is a row, on the slowest partition (resolution 1 s)",
  "faults that overlap share their gaps; `> x`: had not ended when the evidence ended",
] as const;

/**
 * @param startMs the run's start, ms since 1970: times are shown relative to it.
 * @returns a table, one line per fault, in Markdown.
 */
export function faultTableMarkdown(faults: readonly FaultRecovery[], startMs: number): string {
  return markdownTable(HEADER, rowsOf(faults, startMs));
}

/** The same table for a terminal, each line cut to its columns. */
export function faultTableText(faults: readonly FaultRecovery[], startMs: number, columns?: number): string {
  return plainTable(HEADER, rowsOf(faults, startMs), columns);
}

function rowsOf(faults: readonly FaultRecovery[], startMs: number): string[][] {
  return faults.map((fault) => [
    String(fault.id),
    offsetText(fault.injectedMs - startMs),
    fault.kind,
    fault.role === undefined ? fault.node : `${fault.node} (${fault.role})`,
    effectText(fault),
    ...[fault.held, fault.nodeReady, fault.ackGap, fault.sinkGap, fault.visibleAgain].map((measure) =>
      cell(fault, measure),
    ),
  ]);
}

function effectText(fault: FaultRecovery): string {
  if (fault.effective === true) return "yes";
  if (fault.failed !== undefined) return "not injected";
  return fault.effective === false ? "no" : "unknown";
}

function cell(fault: FaultRecovery, measure: Measure): string {
  return fault.effective === true ? measureText(measure) : "-";
}
