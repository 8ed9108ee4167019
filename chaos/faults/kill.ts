import { effectDown, type Fault, probeRunning, SIGNAL_LEASE_MS, signalAll, undoDown, verifyRunsAgain } from "../strike.ts";

/**
 * SIGKILL of every process of the node, which its supervisor then leaves down until the fault is healed.
 * An executor is killed only: Spark starts another at once, so there is nothing to hold and nothing to undo.
 */
export const kill: Fault = {
  kind: "kill",
  injectLeaseMs: SIGNAL_LEASE_MS,
  probe: probeRunning,
  undo: undoDown,

  async inject(strike) {
    // Held first: a supervisor that sees the death before the hold would start the node again under our hands.
    if (strike.selector === "node") await strike.control.hold(strike.node);
    await signalAll(strike, "SIGKILL");
  },

  // A process in uninterruptible sleep dies only when its I/O returns; hence the same patience as for SIGTERM.
  effect: effectDown,

  async heal(strike) {
    if (strike.selector === "node") await strike.control.release(strike.node);
  },
  verify: verifyRunsAgain,
};
