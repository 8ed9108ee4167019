import { writeFileSync } from "node:fs";
import type { NodeKind } from "../../../contract/node.ts";

/** What an event passes on its way to a row (docs/decisions/018). A worker's session has the executors of all drivers. */
const ON_THE_PATH: ReadonlySet<NodeKind> = new Set(["producer", "kafka", "zookeeper", "spark-worker", "postgres"]);
/** The weight of two sessions (sched(7): a level is 1.25 times). */
const NICE = -3;

/**
 * Gives a node's session twice the share of a busy processor if events pass through it, where the kernel schedules by session (sched(7), autogroup).
 * Where it does not, and for users who may not ask for more than others get, nothing changes.
 */
export function raiseShare(pid: number, kind: NodeKind): void {
  if (!ON_THE_PATH.has(kind)) return;
  try {
    writeFileSync(`/proc/${pid}/autogroup`, `${NICE}`);
  } catch {
    // As above.
  }
}
