import { type FaultKind, type PlannedFault, roleText } from "../contract/plan.ts";

export type ChaosEventType =
  | "preparing"
  | "prepared"
  | "started"
  | "late"
  | "injecting"
  | "active"
  | "ineffective"
  | "healed"
  | "recovered"
  | "not-recovered"
  | "not-settled"
  | "failed"
  | "not-run"
  | "heal-failed"
  | "aborted"
  | "ended";

/** What the engine tells while it runs; `text` is a whole sentence for a person. */
export type ChaosEvent = {
  type: ChaosEventType;
  /** ISO 8601 UTC, of at_ms. */
  at: string;
  at_ms: number;
  /** The fault's id in the journal. */
  id?: number;
  kind?: FaultKind;
  node?: string;
  text: string;
};

export type EventSink = (event: ChaosEvent) => void;

/** "kill kafka-2 (leader of partition 3)". @param node what a role was resolved to. @param had what the node was, where the target does not say. */
export function describe({ kind, target }: PlannedFault, node?: string, had?: string): string {
  const role = "role" in target ? roleText(target) : had;
  const text =
    "executor_of" in target ? `executor of ${target.executor_of}` : (role ?? ("node" in target ? target.node : "?"));
  return `${kind} ${role !== undefined && node !== undefined ? `${node} (${role})` : text}`;
}

/** "6.0", of milliseconds. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
