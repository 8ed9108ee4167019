import { FaultlineError } from "../contract/errors.ts";
import type { NodeControl } from "../contract/node.ts";
import type { FaultTarget, PlannedFault } from "../contract/plan.ts";
import type { ChaosEventType } from "./chaos-event.ts";
import { type Clock, poll } from "./clock.ts";
import { FAULTS } from "./faults/by-kind.ts";
import type { JournalWriter } from "./journal-file.ts";
import { parameterText } from "./condition-parameters.ts";
import { conditionTag } from "./condition-tag.ts";
import { sameProcess } from "./process-identity.ts";
import { EXECUTOR_TIMEOUT_MS, statusOf, type Strike } from "./strike.ts";
import { applyUndo } from "./undo.ts";
import type { WatchdogLink } from "./watchdog-link.ts";

export type FaultOutcome = {
  /** The fault's id in the journal. */
  id: number;
  planned: PlannedFault;
  /** recovered · not-recovered: bit and was healed, but the node did not answer in time · ineffective · failed · not-run */
  outcome: "recovered" | "not-recovered" | "ineffective" | "failed" | "not-run";
  node?: string;
  why?: string;
  injected_ms?: number;
  healed_ms?: number;
  recovered_ms?: number;
};

export type FaultContext = {
  control: NodeControl;
  clock: Clock;
  journal: JournalWriter;
  /** The journal's path: conditions are named after it. */
  journalFile: string;
  watchdog: WatchdogLink;
  signal: AbortSignal;
  /** How long a node may take to answer its protocol, before a fault and after it. */
  recoveryTimeoutMs: number;
  /** Whether the plan's duration still has room for a fault that holds so long, beginning now. */
  hasRoom: (holdMs: number) => boolean;
  tell: (type: ChaosEventType, text: string, about?: { id: number; planned: PlannedFault; node?: string }) => void;
};

/** Time that an engine in good health needs to heal and verify (the longest: another executor; lift and answer of a condition); then its watchdog heals. */
const HEAL_LEASE_MS = EXECUTOR_TIMEOUT_MS + 60_000;
const OVER = "not run: the time was over";
const ENDED = "not run: the run was ended";
/** A protocol that does not answer for this long is not ready. */
const READY_TIMEOUT_MS = 10_000;

/**
 * Runs one fault from its target's name to the node's recovery.
 * @throws FaultlineError FL_HEAL_FAILED when it could not be undone (then the journal still has it as open), FL_DISK_FULL.
 */
export async function runFault(context: FaultContext, id: number, planned: PlannedFault): Promise<FaultOutcome> {
  const { control, clock, journal, watchdog, signal, tell } = context;
  const fault = FAULTS[planned.kind];
  const giveUp = async (outcome: "failed" | "not-run", why: string, node?: string): Promise<FaultOutcome> => {
    await journal.append({ t: "failed", id, why, at_ms: clock.now() });
    const named = node === undefined ? {} : { node };
    tell(outcome, `${describe(planned, node)}: ${why}`, { id, planned, ...named });
    return { id, planned, outcome, why, ...named };
  };

  if (signal.aborted) return giveUp("not-run", ENDED);
  if (!context.hasRoom(planned.hold_ms)) return giveUp("not-run", OVER);
  const opened = await openStrike(context, id, planned).catch((error: unknown) => `the stack can't be asked: ${textOf(error)}`);
  if (signal.aborted) return giveUp("not-run", ENDED);
  if (typeof opened === "string") return giveUp("failed", opened);
  const strike = opened;
  const { node } = strike;
  const about = { id, planned, node };
  const unavailable = await fault.probe(strike).catch(textOf);
  if (signal.aborted) return giveUp("not-run", ENDED, node);
  // Waiting for the node, and measuring it, may have taken long.
  if (!context.hasRoom(planned.hold_ms)) return giveUp("not-run", OVER, node);
  if (unavailable !== undefined) return giveUp("failed", unavailable, node);

  const undo = fault.undo(strike);
  await watchdog.ensure();
  await journal.append({ t: "planned", id, fault: planned, node, node_kind: strike.nodeKind, undo, at_ms: clock.now() });
  watchdog.lease(planned.hold_ms + fault.injectLeaseMs);
  tell("injecting", `${describe(planned, node)}${parameterText(planned)}`, about);
  strike.atMs = clock.now();
  let effective: boolean;
  try {
    await fault.inject(strike);
    const effect = await fault.effect(strike);
    effective = effect.effective;
    await journal.append({ t: "active", id, kind: planned.kind, node, ...effect, at_ms: clock.now() });
    tell(effective ? "active" : "ineffective", `${describe(planned, node)}: ${effect.proof}`, about);
  } catch (error) {
    const undone = await applyUndo(control, undo, clock);
    watchdog.lease(undefined);
    const outcome = await giveUp("failed", `${textOf(error)}; undone: ${undone}`, node);
    if (error instanceof FaultlineError && error.code === "FL_DISK_FULL") throw error;
    return outcome;
  }

  if (effective) await clock.sleep(planned.hold_ms, signal);
  watchdog.lease(HEAL_LEASE_MS);
  const healing_ms = clock.now();
  await fault.heal(strike);
  const proof = await fault.verify(strike, effective);
  const healed_ms = clock.now();
  await journal.append({ t: "healed", id, by: "engine", proof, at_ms: healed_ms });
  watchdog.lease(undefined);
  tell("healed", `${describe(planned, node)}: ${proof}`, about);
  const done = { id, planned, node, injected_ms: strike.atMs, healed_ms };
  if (!effective) return { ...done, outcome: "ineffective" };

  // Asked from the moment of healing on: what was acknowledged before says nothing about now.
  if (await waitReady(context, [node], healing_ms)) {
    const recovered_ms = clock.now();
    await journal.append({ t: "recovered", id, node, at_ms: recovered_ms });
    tell(
      "recovered",
      `${node} answers again, ${seconds(recovered_ms - strike.atMs)} s after the fault, ${seconds(recovered_ms - healing_ms)} s after its end`,
      about,
    );
    return { ...done, outcome: "recovered", recovered_ms };
  }
  const why = signal.aborted ? "not waited for: the run was ended" : `${node} did not answer within ${seconds(context.recoveryTimeoutMs)} s`;
  tell("not-recovered", why, about);
  return { ...done, outcome: "not-recovered", why };
}

/** @returns the strike, or why there can't be one now. */
async function openStrike(context: FaultContext, id: number, planned: PlannedFault): Promise<Strike | string> {
  const { control, clock, signal, journalFile } = context;
  const { target } = planned;
  const nodes = await control.nodes();
  const named = "node" in target ? target.node : "executor_of" in target ? target.executor_of : undefined;
  const kind = named === undefined ? "kafka" : nodes.find(({ name }) => name === named)?.kind;
  if (kind === undefined) return `there is no node ${named}`;

  // A node still down from before would make this fault prove nothing. All brokers, since one that has not caught up and another
  // that is struck are below min.insync.replicas together.
  const needed = nodes.filter((node) => (kind === "kafka" ? node.kind === "kafka" : node.name === named)).map(({ name }) => name);
  if (!(await waitReady(context, needed, undefined))) {
    return signal.aborted ? "the run was ended" : `${needed.join(", ")}: not all ready within ${seconds(context.recoveryTimeoutMs)} s`;
  }
  const node = "role" in target ? await control.resolveRole(target) : named;
  if (node === undefined) return `nobody is ${"role" in target ? roleText(target) : "there"} now`;

  const status = await statusOf(control, node);
  if (status === undefined) return `there is no node ${node}`;
  const selector = "executor_of" in target ? "executor" : "node";
  const processes = (await control.processes(node, selector)).toSorted((a, b) => Number(isMain(b)) - Number(isMain(a)));
  function isMain(process: (typeof processes)[number]): boolean {
    return status?.process !== undefined && sameProcess(process, status.process);
  }
  const tag = conditionTag(journalFile, id);
  return { control, clock, planned, tag, node, nodeKind: status.kind, selector, processes, startsBefore: status.starts, atMs: clock.now(), signal };
}

/** @returns whether all these nodes answered their protocol within the recovery timeout. */
async function waitReady({ control, clock, signal, recoveryTimeoutMs }: FaultContext, nodes: string[], sinceMs: number | undefined): Promise<boolean> {
  const ready = async (name: string): Promise<boolean> => {
    const late = new Promise<boolean>((resolve) => {
      setTimeout(resolve, READY_TIMEOUT_MS, false).unref();
    });
    return Promise.race([control.ready(name, sinceMs).catch(() => false), late]);
  };
  const all = await poll(clock, recoveryTimeoutMs, async () => ((await Promise.all(nodes.map(ready))).every(Boolean) ? true : undefined), {
    everyMs: 200,
    signal,
  });
  return all === true;
}

export function describe({ kind, target }: PlannedFault, node?: string): string {
  const role = "role" in target ? roleText(target) : undefined;
  const text = "executor_of" in target ? `executor of ${target.executor_of}` : (role ?? ("node" in target ? target.node : "?"));
  return `${kind} ${role !== undefined && node !== undefined ? `${node} (${role})` : text}`;
}

function roleText(target: Extract<FaultTarget, { role: string }>): string {
  return target.role === "leader" ? `leader of partition ${target.partition}` : "controller";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
