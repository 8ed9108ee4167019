import { decodeLine, encodeLine } from "./log-line.ts";
import type { NodeKind, ProcessIdentity } from "./node.ts";
import type { FaultKind, PlannedFault } from "./plan.ts";

/**
 * The fault journal, NDJSON with CRC like the ledger. `planned` (with the undo) is on disk before anything is done;
 * a fault without `healed` is undone by `heal`, whoever runs it next.
 */
export type JournalRecord = JournalOpen | JournalPlanned | JournalActive | JournalHealed | JournalFailed | JournalRecovered | JournalClose;

export type JournalOpen = { t: "open"; version: 1; seed: number; process: ProcessIdentity; at_ms: number };

/** How to take a fault back, complete by itself: `resume` processes, let the supervisor `release` the node, `lift` the condition of this tag. */
export type Undo = { node: string; resume: ProcessIdentity[]; release: boolean; lift?: string };

export type JournalPlanned = { t: "planned"; id: number; fault: PlannedFault; node: string; node_kind: NodeKind; undo: Undo; at_ms: number };

/** The effect probe's answer. Only a fault with `effective: true` counts. `proof` says what was seen, as one sentence. */
export type JournalActive = { t: "active"; id: number; kind: FaultKind; node: string; effective: boolean; proof: string; at_ms: number };

/** The undo was done and verified. `by`: the engine, the watchdog that outlived it, or a later `heal`. */
export type JournalHealed = { t: "healed"; id: number; by: "engine" | "watchdog" | "heal"; proof: string; at_ms: number };

/** The fault could not be injected (target gone, role unheld): nothing was done, or what was done is healed. */
export type JournalFailed = { t: "failed"; id: number; why: string; at_ms: number };

/** The node answers its protocol again (see NodeControl.ready). */
export type JournalRecovered = { t: "recovered"; id: number; node: string; at_ms: number };

export type JournalClose = { t: "close"; at_ms: number };

export function encodeJournal(record: JournalRecord): string {
  return encodeLine(record);
}

const KINDS: ReadonlySet<unknown> = new Set(["open", "planned", "active", "healed", "failed", "recovered", "close"]);

/** @returns the record, or undefined for a damaged line. */
export function decodeJournal(line: string): JournalRecord | undefined {
  const record = decodeLine(line) as JournalRecord | undefined;
  return record !== undefined && KINDS.has(record.t) ? record : undefined;
}
