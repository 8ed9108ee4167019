import { required } from "../../contract/capability.ts";
import { poll } from "../../machine/clock.ts";
import { applyUndo } from "../nodes/undo.ts";
import { type Fault, STRIKE_LEASE_MS, struckLife } from "./fault.ts";
import { whyNotNow, whyNothingToStrike } from "./probe.ts";

/** Stopping is done by the kernel, at once unless a process is in uninterruptible sleep. */
const EFFECT_TIMEOUT_MS = 3000;

/**
 * SIGSTOP of every process of the node: its sockets stay open and nobody answers, which is what a long garbage collection or a
 * frozen virtual machine looks like.
 */
export const pause: Fault = {
  kind: "pause",
  injectLeaseMs: STRIKE_LEASE_MS,
  probe: async (strike) => (await whyNotNow(strike)) ?? whyNothingToStrike(strike),
  undo: (strike) => ({ node: strike.node, life: struckLife(strike) }),

  async inject(strike) {
    strike.life = await required(strike.control.lifecycle).strike(struckLife(strike), "pause", true);
  },

  async effect(strike) {
    const life = struckLife(strike);
    const look = async () => required(strike.control.lifecycle).look(life);
    await poll(strike.clock, EFFECT_TIMEOUT_MS, async () => ((await look()).running === 0 ? true : undefined), {
      everyMs: 20,
    });
    const { paused, running, gone, main } = await look();
    const rest = `${running === 0 ? "" : `, ${running} still running`}${gone === 0 ? "" : `, ${gone} gone`}`;
    return {
      effective: running === 0 && main === "paused",
      proof: `${paused} of ${life.members.length} processes stopped (${life.text})${rest}`,
    };
  },

  async heal({ control, node, life }) {
    await required(control.lifecycle).resume(node, life);
  },

  /** Not only the processes that we stopped: no process of the node may be left stopped. */
  async verify(strike) {
    const { control, clock, node } = strike;
    const life = struckLife(strike);
    const proof = await applyUndo(control, { node, life }, clock);
    const { running } = await required(control.lifecycle).look(life);
    return `${running} of ${life.members.length} processes go on; ${proof}`;
  },
};
