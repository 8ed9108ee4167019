import type { Life, NodeControl, NodeKind, Part } from "../../contract/node.ts";
import type { Undo } from "../../contract/journal.ts";
import type { FaultKind, PlannedFault } from "../../contract/plan.ts";
import type { Clock } from "../../machine/clock.ts";

/** How one kind of fault is done and taken back. The functions are called in this order, each at most once. */
export type Fault = {
  kind: FaultKind;
  /** Longest time that a healthy engine needs from the journal's `planned` line to the end of `effect`, in ms. After that, and the hold, the watchdog heals. */
  injectLeaseMs: number;
  /** @returns why this fault can't be done to this node now, or undefined. It may measure the node; it changes nothing. */
  probe(strike: Strike): Promise<string | undefined>;
  /** How to take the fault back, complete by itself; journaled before `inject`. */
  undo(strike: Strike): Undo;
  inject(strike: Strike): Promise<void>;
  /** Did it bite? Waits for the effect, for a bounded time. */
  effect(strike: Strike): Promise<Effect>;
  heal(strike: Strike): Promise<void>;
  /** @param effective whether it had bitten. @returns what was seen. @throws FaultlineError FL_HEAL_FAILED */
  verify(strike: Strike, effective: boolean): Promise<string>;
};

/** Whether a fault bit, and what shows that, as one sentence. Only a fault with `effective: true` counts. */
export type Effect = { effective: boolean; proof: string };

/** One fault about to be done, or being done, to one node. */
export type Strike = {
  control: NodeControl;
  clock: Clock;
  planned: PlannedFault;
  /** The name of this fault's hold or condition on the node: unique over all runs of a machine (fault-tag.ts). */
  tag: string;
  node: string;
  nodeKind: NodeKind;
  /** Of a driver beside another one: what it is just before the injection. */
  role?: "active" | "standby";
  part: Part;
  /** The life that is struck, as it was just before the injection; `inject` adds the members that appeared. Undefined: there is none. */
  life?: Life;
  /** How often the node had been started before the fault. */
  startsBefore: number;
  /** When the injection began, ms since 1970. */
  atMs: number;
  /** Round trips before the fault, ms; the probe of a delay puts them here. */
  baseline?: { medianMs: number; fastestMs: number };
  /** Whether a condition was still there when it was to be taken off; `heal` puts it here. */
  lasted?: boolean;
  /** Aborted: stop waiting for the effect, so that the fault is healed at once. */
  signal?: AbortSignal;
};

/** An `injectLeaseMs` for faults that strike processes: time to strike them, and to see them gone or stopped. */
export const STRIKE_LEASE_MS = 30_000;
/** Spark's worker tells the master, the master schedules, a JVM starts. */
export const EXECUTOR_TIMEOUT_MS = 60_000;
/** Longest time that a healthy engine needs to heal and verify (the longest: another executor; a condition lifted, and the node's answer). Then the watchdog heals. */
export const HEAL_LEASE_MS = EXECUTOR_TIMEOUT_MS + 60_000;

/** @returns the life that is struck. For a fault whose probe has seen to it that there is one. */
export function struckLife({ node, life }: Strike): Life {
  if (life === undefined) throw new Error(`${node} has no life to strike`);
  return life;
}
