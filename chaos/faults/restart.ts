import { effectGone, type Fault, probeRunning, SIGNAL_LEASE_MS, STOP_TIMEOUT_MS, undoDown, verifyRunsAgain } from "../strike.ts";

/**
 * SIGTERM to every process of the node; its supervisor, not held back, starts it again at once. Released all the same: a container
 * whose processes were signalled through its engine's API counts as stopped by hand and stays down until somebody starts it, which
 * is what release does there. A supervisor of ours has nothing to release.
 */
export const restart: Fault = {
  kind: "restart",
  injectLeaseMs: SIGNAL_LEASE_MS,
  probe: probeRunning,
  undo: undoDown,

  async inject(strike) {
    // No second look for stragglers: what appears now may already be the node's next life.
    await strike.control.signal(strike.processes, "SIGTERM");
  },

  effect: (strike) => effectGone(strike, STOP_TIMEOUT_MS),

  async heal(strike) {
    if (strike.selector === "node") await strike.control.release(strike.node);
  },
  verify: verifyRunsAgain,
};
