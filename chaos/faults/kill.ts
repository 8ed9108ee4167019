import { deathFault } from "./death.ts";

/**
 * SIGKILL of every process of the node, which its supervisor then leaves down until the fault is healed.
 * An executor is only killed: Spark starts another one at once, so there is nothing to hold and nothing to undo.
 * A process in uninterruptible sleep dies only when its I/O returns; hence the same patience as for SIGTERM.
 */
export const kill = deathFault("kill", { blow: "kill", staysDown: true });
