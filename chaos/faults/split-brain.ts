import { lostOffsets, PROMOTE_LEASE_MS, promotedText, promotionFault } from "./promotion.ts";

/**
 * The standby is promoted while the primary goes on, as when somebody takes it for dead: sessions stay on it, and both take writes. At the end the
 * former primary becomes the standby, and what only it had is lost.
 */
export const splitBrain = promotionFault("split-brain", {
  injectLeaseMs: PROMOTE_LEASE_MS,
  holds: false,

  inject: async (_strike, servers, { standby }) => servers.promote(standby),

  async effect({ node }, servers, found) {
    const [old, now] = await Promise.all([servers.look(node), servers.look(found.standby)]);
    const promoted = promotedText(found, now);
    const both = promoted !== undefined && old?.isStandby === false;
    const state = old === undefined ? "does not answer" : old.isStandby ? "is a standby" : "takes writes, too";
    return { effective: both, proof: `${promoted ?? `${found.standby} does not take writes`}; ${node} ${state}` };
  },

  async beforeHeal({ node }, servers, found) {
    const [old, now] = await Promise.all([servers.look(node), servers.look(found.standby)]);
    if (old !== undefined && now !== undefined) found.lost = lostOffsets(old, now);
  },
});
