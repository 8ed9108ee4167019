import { deathFault } from "./death.ts";

/**
 * SIGTERM to every process of the node; its supervisor, not held back, starts the node again at once. The undo releases it all
 * the same: where nodes can't be held (a container that dies of a signal through its engine's API stays down), the release is
 * what starts it.
 */
export const restart = deathFault("restart", { blow: "stop", staysDown: false });
