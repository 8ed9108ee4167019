import { FaultlineError } from "../contract/errors.ts";
import type { PlannedFault } from "../contract/plan.ts";
import { describe, seconds } from "./chaos-event.ts";
import type { FaultContext } from "./fault-context.ts";
import { FAULTS } from "./faults/by-kind.ts";
import { HEAL_LEASE_MS } from "./faults/fault.ts";
import { waitReady } from "./nodes/node-status.ts";
import { openStrike } from "./open-strike.ts";
import { parameterText } from "./plan/condition-parameters.ts";
import { applyUndo } from "./nodes/undo.ts";

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

const OVER = "not run: the time was over";
const ENDED = "not run: the run was ended";

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
  const opened = await openStrike(context, id, planned).catch(
    (error: unknown) => `the stack can't be asked: ${textOf(error)}`,
  );
  if (signal.aborted) return giveUp("not-run", ENDED);
  if (typeof opened === "string") return giveUp("failed", opened);
  const strike = opened;
  const { node } = strike;
  const about = { id, planned, node };
  const what = describe(planned, node, strike.role);
  const unavailable = await fault.probe(strike).catch(textOf);
  if (signal.aborted) return giveUp("not-run", ENDED, node);
  // Waiting for the node, and measuring it, may have taken long.
  if (!context.hasRoom(planned.hold_ms)) return giveUp("not-run", OVER, node);
  if (unavailable !== undefined) return giveUp("failed", unavailable, node);

  const undo = fault.undo(strike);
  await watchdog.ensure();
  await journal.append({
    t: "planned",
    id,
    fault: planned,
    node,
    node_kind: strike.nodeKind,
    ...(strike.role !== undefined && { role: strike.role }),
    undo,
    at_ms: clock.now(),
  });
  watchdog.lease(planned.hold_ms + fault.injectLeaseMs);
  tell("injecting", `${what}${parameterText(planned)}`, about);
  strike.atMs = clock.now();
  let effective: boolean;
  try {
    await fault.inject(strike);
    const effect = await fault.effect(strike);
    effective = effect.effective;
    await journal.append({ t: "active", id, kind: planned.kind, node, ...effect, at_ms: clock.now() });
    tell(effective ? "active" : "ineffective", `${what}: ${effect.proof}`, about);
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
  tell("healed", `${what}: ${proof}`, about);
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
  const why = signal.aborted
    ? "not waited for: the run was ended"
    : `${node} did not answer within ${seconds(context.recoveryTimeoutMs)} s`;
  tell("not-recovered", why, about);
  return { ...done, outcome: "not-recovered", why };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
