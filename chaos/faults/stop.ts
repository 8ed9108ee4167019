import { effectDown, type Fault, probeRunning, signalAll, undoDown, verifyRunsAgain } from "../strike.ts";

/**
 * SIGTERM to every process of the node, which its supervisor then leaves down until the fault is healed. One that does not
 * obey within STOP_TIMEOUT_MS makes the fault ineffective; it is not killed, since that would be another fault.
 */
export const stop: Fault = {
  kind: "stop",
  probe: probeRunning,
  undo: (strike) => undoDown(strike, true),

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
