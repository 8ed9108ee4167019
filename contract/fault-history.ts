import type { JournalRecord, Undo } from "./journal.ts";
import type { NodeKind } from "./node.ts";
import { type FaultKind, type FaultTarget, roleText } from "./plan.ts";

/** What the journal tells of one fault. A time that it does not tell is undefined. Times are ms since 1970. */
export type FaultHistory = {
  id: number;
  kind: FaultKind;
  node: string;
  nodeKind: NodeKind;
  /** What the node was, or what in it was struck: "leader of partition 3", "controller", "executor", "active", "standby". */
  role?: string;
  undo: Undo;
  /** Just before the injection began. */
  injectedMs: number;
  /** When the effect probe had answered, and what: undefined when the journal ends before. */
  probedMs?: number;
  effective?: boolean;
  proof?: string;
  healedMs?: number;
  healedBy?: "engine" | "watchdog" | "heal";
  readyMs?: number;
  /** Why it was not injected, and when that was known. */
  failed?: string;
  failedMs?: number;
};

/** The fault was begun, and it was neither undone nor given up: what is read now may be wrong because of it. */
export function isUnhealed(fault: FaultHistory): boolean {
  return fault.healedMs === undefined && fault.failed === undefined;
}

/** The fault bit and is not undone yet. */
export function isActive(fault: FaultHistory): boolean {
  return fault.effective === true && isUnhealed(fault);
}

/**
 * Folds a journal's records, in the order of the file, into one history per fault: the only reading of what the lines mean
 * together. It may be fed line by line while the file grows.
 */
export class FaultHistories {
  readonly #byId = new Map<number, FaultHistory>();
  /** The least id that no fault of the journal has. */
  nextId = 0;

  static of(records: Iterable<JournalRecord>): FaultHistories {
    const histories = new FaultHistories();
    for (const record of records) histories.add(record);
    return histories;
  }

  /** In the order of injection. */
  get faults(): FaultHistory[] {
    return [...this.#byId.values()];
  }

  add(record: JournalRecord): void {
    if (!("id" in record)) return;
    const { id } = record;
    this.nextId = Math.max(this.nextId, id + 1);
    const fault = this.#byId.get(id);
    // What can't be (an id that is planned twice, an outcome of a fault that was never planned) is said by JournalGrammar.
    if (record.t !== "planned") {
      if (fault !== undefined) applyOutcome(fault, record);
    } else if (fault === undefined) this.#byId.set(id, begin(record));
  }
}

function begin(record: Extract<JournalRecord, { t: "planned" }>): FaultHistory {
  const { id, fault, node, node_kind, undo, at_ms } = record;
  const role = record.role ?? targetText(fault.target);
  return {
    id,
    kind: fault.kind,
    node,
    nodeKind: node_kind,
    ...(role !== undefined && { role }),
    undo,
    injectedMs: at_ms,
  };
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
  else if (record.t === "failed") {
    fault.failed = record.why;
    fault.failedMs = record.at_ms;
  }
}

function targetText(target: FaultTarget): string | undefined {
  if ("executor_of" in target) return "executor";
  return "node" in target ? undefined : roleText(target);
}
