import { effectDown, type Fault, probeRunning, SIGNAL_LEASE_MS, signalAll, undoDown, verifyRunsAgain } from "../strike.ts";

/**
 * SIGTERM to every process of the node, which its supervisor then leaves down until the fault is healed. One that does not
 * obey within STOP_TIMEOUT_MS makes the fault ineffective; it is not killed, since that would be another fault.
 */
export const stop: Fault = {
  kind: "stop",
  injectLeaseMs: SIGNAL_LEASE_MS,
  probe: probeRunning,
  undo: undoDown,

  async inject(strike) {
    if (strike.selector === "node") await strike.control.hold(strike.node);
    await signalAll(strike, "SIGTERM");
  },

  effect: effectDown,

  async heal(strike) {
    if (strike.selector === "node") await strike.control.release(strike.node);
  },
  verify: verifyRunsAgain,
};
