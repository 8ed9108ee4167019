import { NODE_KINDS, type NodeKind } from "../contract/node.ts";
import type { FaultKind } from "../contract/plan.ts";

/** What a fault can strike: a node of a kind, or the Spark executors below a worker. */
export const TARGET_KINDS = [...NODE_KINDS, "executor"] as const;
export type TargetKind = NodeKind | "executor";

export type HoldRangeMs = readonly [min: number, max: number];

const DOWN: HoldRangeMs = [2000, 8000];
const PAUSED: HoldRangeMs = [3000, 8000];
const NONE: HoldRangeMs = [0, 0];

/**
 * Which faults a plan may draw for which target, and how long each holds.
 * - postgres is paused for less time than the others: everything behind it waits.
 * - An executor is not held down: Spark starts another by itself, and it has no supervisor of ours.
 * - The producer is not stopped or restarted by SIGTERM: for a producer that means "end the run in order", not a failure.
 */
export const CATALOG: Record<TargetKind, Partial<Record<FaultKind, HoldRangeMs>>> = {
  kafka: { kill: DOWN, stop: DOWN, pause: PAUSED, restart: NONE },
  "spark-master": { kill: DOWN, stop: DOWN, pause: PAUSED, restart: NONE },
  "spark-worker": { kill: DOWN, stop: DOWN, pause: PAUSED, restart: NONE },
  executor: { kill: NONE, pause: PAUSED },
  driver: { kill: DOWN, stop: DOWN, pause: PAUSED, restart: NONE },
  postgres: { kill: DOWN, stop: DOWN, pause: [2000, 5000], restart: NONE },
  producer: { kill: DOWN, pause: PAUSED },
};

/**
 * What a plan hits when no targets are named. Without spark-master: a standalone master that comes back without a recovery
 * directory does not know its applications any more and has the workers kill their executors (Spark's Master, WorkerLatestState),
 * and the application's client only waits for the master to call back (StandaloneAppClient.onDisconnected). That loses the stream
 * until the driver is started again: it is a fault worth asking for by name, not one to draw unasked.
 */
export const DEFAULT_TARGET_KINDS: readonly TargetKind[] = ["kafka", "spark-worker", "executor", "driver", "postgres", "producer"];
