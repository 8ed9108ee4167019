import type { FaultKind } from "../contract/plan.ts";

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
