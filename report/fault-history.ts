import { decodeJournal, type JournalRecord } from "../contract/journal.ts";
import type { NodeKind } from "../contract/node.ts";
import type { FaultKind, FaultTarget } from "../contract/plan.ts";
import { logLines } from "./log-lines.ts";

/** What the journal tells of one fault. A time that it does not tell is undefined. */
export type FaultHistory = {
  id: number;
  kind: FaultKind;
  node: string;
  nodeKind: NodeKind;
  /** What the node was, or what in it was struck: "leader of 3", "controller", "executor". */
  role?: string;
  /** Just before the injection began. */
  injectedMs: number;
  /** When the effect probe had answered, and what: undefined when the journal ends before. */
  probedMs?: number;
  effective?: boolean;
  proof?: string;
  healedMs?: number;
  healedBy?: "engine" | "watchdog" | "heal";
  readyMs?: number;
  /** Why it was not injected. */
  failed?: string;
};

/**
 * Reads the records of `faults.ndjson`.
 * @throws ENOENT and the other errors of reading a file.
 */
export async function readJournal(path: string): Promise<{ records: JournalRecord[]; damaged: number }> {
  const records: JournalRecord[] = [];
  let damaged = 0;
  for await (const lines of logLines(path)) {
    for (const line of lines) {
      const record = decodeJournal(line);
      if (record !== undefined) records.push(record);
      else if (line !== "") damaged += 1;
    }
  }
  return { records, damaged };
}

/** Folds the journal into one history per fault, in the order of injection. */
export function faultHistories(records: readonly JournalRecord[]): FaultHistory[] {
  const faults: FaultHistory[] = [];
  // A second plan in the same run counts its ids from 0 again: a record belongs to the last fault planned under its id.
  const latest = new Map<number, FaultHistory>();
  for (const record of records) {
    if (record.t === "planned") {
      const fault: FaultHistory = { id: record.id, kind: record.fault.kind, node: record.node, nodeKind: record.node_kind, injectedMs: record.at_ms };
      const role = roleText(record.fault.target);
      if (role !== undefined) fault.role = role;
      faults.push(fault);
      latest.set(record.id, fault);
      continue;
    }
    const fault = "id" in record ? latest.get(record.id) : undefined;
    if (fault !== undefined) applyOutcome(fault, record);
  }
  return faults;
}

function applyOutcome(fault: FaultHistory, record: JournalRecord): void {
  if (record.t === "active") {
    fault.probedMs = record.at_ms;
    fault.effective = record.effective;
    fault.proof = record.proof;
  } else if (record.t === "healed") {
    fault.healedMs ??= record.at_ms;
    fault.healedBy ??= record.by;
  } else if (record.t === "recovered") fault.readyMs ??= record.at_ms;
  else if (record.t === "failed") fault.failed = record.why;
}

function roleText(target: FaultTarget): string | undefined {
  if ("executor_of" in target) return "executor";
  if ("node" in target) return undefined;
  return target.role === "leader" ? `leader of ${target.partition}` : target.role;
}
