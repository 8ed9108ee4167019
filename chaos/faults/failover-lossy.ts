import { required } from "../../contract/capability.ts";
import { DETACHED_MS } from "../plan/condition-parameters.ts";
import { struckLife } from "./fault.ts";
import {
  holdDown,
  lostOffsets,
  lostText,
  PROMOTE_LEASE_MS,
  promotedText,
  promotionFault,
  totalOf,
  waitGone,
} from "./promotion.ts";

/** With the longest time that a plan may give for detached_ms. */
const INJECT_LEASE_MS = PROMOTE_LEASE_MS + 60_000 + 30_000;

/**
 * An unplanned failover with asynchronous replication: the standby gets no WAL for a while, then the primary is killed and the standby promoted.
 * Rows and offsets that were committed meanwhile are lost, together. It has bitten only if offsets are lost; or if commits waited for the standby, so that
 * nothing could be stored meanwhile.
 */
export const failoverLossy = promotionFault("failover-lossy", {
  injectLeaseMs: INJECT_LEASE_MS,
  holds: true,

  async inject(strike, servers, found) {
    const { clock, control, node, planned, signal } = strike;
    await servers.detach();
    await clock.sleep(planned.detached_ms ?? DETACHED_MS, signal);
    // Seen just before the blow, so what is lost is this much at least.
    const last = await servers.look(node);
    await holdDown(strike, INJECT_LEASE_MS);
    strike.life = await required(control.lifecycle).strike(struckLife(strike), "kill", true);
    await waitGone(strike);
    const rest = await servers.look(found.standby);
    if (last === undefined || rest === undefined)
      throw new Error(`${last === undefined ? node : found.standby} did not answer: nobody could say what was lost`);
    found.lost = lostOffsets(last, rest);
    await servers.promote(found.standby);
  },

  async effect({ node, planned }, servers, found) {
    const { lost = new Map<string, number>() } = found;
    const promoted = promotedText(found, await servers.look(found.standby));
    const after = `${node} was killed after ${(planned.detached_ms ?? DETACHED_MS) / 1000} s in which ${found.standby} got nothing`;
    return {
      effective: promoted !== undefined && (totalOf(lost) > 0 || found.before.isSynchronous),
      proof: `${after}${found.before.isSynchronous ? ", and commits waited for it" : ""}; ${promoted ?? `${found.standby} does not take writes`}; ${lostText(lost)}`,
    };
  },
});
