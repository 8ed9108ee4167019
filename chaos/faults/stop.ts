import { deathFault } from "./death.ts";

/**
 * SIGTERM to every process of the node, which its supervisor then leaves down until the fault is healed. A node that does not
 * obey in time makes the fault ineffective; it is not killed, because that would be another fault.
 */
export const stop = deathFault("stop", { blow: "stop", staysDown: true });
