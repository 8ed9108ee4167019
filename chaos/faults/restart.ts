import { effectGone, type Fault, probeRunning, STOP_TIMEOUT_MS, undoDown, verifyRunsAgain } from "../strike.ts";

/** SIGTERM to every process of the node; its supervisor, not held back, starts it again at once. */
export const restart: Fault = {
  kind: "restart",
  probe: probeRunning,
  undo: (strike) => undoDown(strike, false),

  async inject(strike) {
    // No second look for stragglers: what appears now may already be the node's next life.
    await strike.control.signal(strike.processes, "SIGTERM");
  },

  effect: (strike) => effectGone(strike, STOP_TIMEOUT_MS),
  heal: () => Promise.resolve(),
  verify: verifyRunsAgain,
};
