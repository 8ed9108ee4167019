import { poll } from "../../machine/clock.ts";
import {
  holdDown,
  lostOffsets,
  lostText,
  PROMOTE_LEASE_MS,
  promotedText,
  promotionFault,
  waitGone,
} from "./promotion.ts";

/** The standby was following a moment ago: it only has to replay the last records. */
const REPLAY_TIMEOUT_MS = 30_000;
const INJECT_LEASE_MS = PROMOTE_LEASE_MS + REPLAY_TIMEOUT_MS + 30_000;

/**
 * A planned switch-over: the primary shuts down in order, which hands all WAL over, and the standby is promoted when it has replayed all of it. No
 * commit is lost. A standby that does not get there is not promoted.
 */
export const failover = promotionFault("failover", {
  injectLeaseMs: INJECT_LEASE_MS,
  holds: true,

  async inject(strike, servers, { standby }) {
    const { clock, node } = strike;
    await holdDown(strike, INJECT_LEASE_MS);
    await servers.shutDown(node);
    await waitGone(strike);
    const all = await poll(clock, REPLAY_TIMEOUT_MS, async () =>
      (await servers.hasReplayedAll(node)) ? true : undefined,
    );
    if (all !== true)
      throw new Error(`${standby} has not replayed all that ${node} committed after ${REPLAY_TIMEOUT_MS / 1000} s`);
    await servers.promote(standby);
  },

  async effect({ node }, servers, found) {
    const now = await servers.look(found.standby);
    const promoted = promotedText(found, now);
    if (now === undefined || promoted === undefined)
      return { effective: false, proof: `${found.standby} does not take writes` };
    const lost = lostOffsets(found.before, now);
    return {
      effective: lost.size === 0,
      proof: `${node} has shut down in order, and ${found.standby} has replayed all of it; ${promoted}; ${lostText(lost)}`,
    };
  },
});
