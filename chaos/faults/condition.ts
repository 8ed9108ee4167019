import { required } from "../../contract/capability.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { ConditionKind } from "../../contract/node.ts";
import { poll } from "../../machine/clock.ts";
import { conditionOf } from "../plan/condition-parameters.ts";
import { statusOf } from "../nodes/node-status.ts";
import { imposedOn, liftCondition } from "../nodes/undo.ts";
import type { Effect, Fault, Strike } from "./fault.ts";
import { whyNotNow } from "./probe.ts";

/** What was seen at one look; `seen` has the figures. */
export type Look = { yes: boolean; seen: string };

/** What a condition does to a node as anyone can see it from outside: the only part in which the five differ. */
export type Symptom = {
  /** Measures the node before. @returns why the effect could not be told later, or undefined. */
  before?(strike: Strike): Promise<string | undefined>;
  bites(strike: Strike): Promise<Look>;
  over(strike: Strike): Promise<Look>;
};

/** A measurement takes up to 5 s (Conditions.measure), a look up to five of them: for a few looks on a busy machine. */
const EFFECT_TIMEOUT_MS = 20_000;
/** After the lift: routes, backed-off connections, a node that was starved. */
const OVER_TIMEOUT_MS = 45_000;
/** To impose (an engine's API call, processes that take memory) and the last look, which begins just before the timeout. */
const INJECT_LEASE_MS = EFFECT_TIMEOUT_MS + 55_000;
/**
 * What kernel and server wait longer than the watchdog before they end a condition themselves: the watchdog verifies and writes it down,
 * the lease is for the case that the watchdog died as well.
 */
const AFTER_WATCHDOG_MS = 15_000;

/**
 * A fault that puts a condition on a node and takes it off again, while its processes go on. It has bitten when the node shows the symptom
 * and the condition is listed: a machine that is too busy to answer is no evidence for a cut, and the sweep finds only listed conditions.
 */
export function conditionFault(kind: ConditionKind, symptom: Symptom): Fault {
  return {
    kind,
    injectLeaseMs: INJECT_LEASE_MS,

    async probe(strike) {
      if (strike.part === "executor")
        return `${kind} strikes nodes; the executors of ${strike.node} are processes in one`;
      return (await whyNotNow(strike)) ?? (await symptom.before?.(strike));
    },

    undo: ({ node, tag }) => ({ node, lift: tag }),

    async inject({ control, node, tag, planned }) {
      const leaseMs = planned.hold_ms + INJECT_LEASE_MS + AFTER_WATCHDOG_MS;
      await required(control.conditions).impose(node, tag, conditionOf(planned), leaseMs);
    },

    async effect(strike): Promise<Effect> {
      const { control, clock, node, tag, signal } = strike;
      const startMs = clock.monotonic();
      let last = "";
      const proof = await poll(
        clock,
        EFFECT_TIMEOUT_MS,
        async () => {
          const { yes, seen } = await symptom.bites(strike);
          const listed = (await imposedOn(control, node, tag)) !== undefined;
          last = listed ? seen : `${seen}; not listed among the conditions on ${node}`;
          return yes && listed ? seen : undefined;
        },
        { everyMs: 200, signal },
      );
      if (proof !== undefined) return { effective: true, proof };
      return { effective: false, proof: `not within ${Math.round(clock.monotonic() - startMs)} ms: ${last}` };
    },

    async heal(strike) {
      const { control, clock, node, tag } = strike;
      // One that ended before its time must not be told as having lasted. Not knowing is no reason to leave it there.
      const lasted = await imposedOn(control, node, tag).then(
        (found) => found !== undefined,
        () => undefined,
      );
      if (lasted !== undefined) strike.lasted = lasted;
      await liftCondition(control, node, tag, clock);
    },

    async verify(strike, effective) {
      const { control, clock, node, tag, lasted } = strike;
      const early = effective && lasted === false ? `${kind} had ended by itself before; ` : "";
      let last = "";
      const proof = await poll(
        clock,
        OVER_TIMEOUT_MS,
        async () => {
          const { yes, seen } = await symptom.over(strike);
          const listed = (await imposedOn(control, node, tag)) !== undefined;
          last = listed ? `${seen}; still listed` : seen;
          return yes && !listed ? seen : undefined;
        },
        { everyMs: 250 },
      );
      if (proof !== undefined) return `${early}no condition ${tag} on ${node} any more; ${proof}`;
      // Off it is (heal saw to that). A node that died of it can't show that; its recovery is told by what follows.
      const state = (await statusOf(control, node))?.state;
      if (state !== "running" && (await imposedOn(control, node, tag)) === undefined)
        return `${early}no condition ${tag} on ${node} any more; ${node} is ${state ?? "no node of the stack any more"}`;
      throw new FaultlineError(
        "FL_HEAL_FAILED",
        `${node}: ${kind} was taken off, but after ${OVER_TIMEOUT_MS / 1000} s: ${last}`,
        {
          remedy: "./faultline heal; if that changes nothing: ./faultline status",
        },
      );
    },
  };
}
