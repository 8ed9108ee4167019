import { NODE_KINDS, type NodeKind } from "../../contract/node.ts";
import type { FaultKind } from "../../contract/plan.ts";

/** What a fault can strike: a node of a kind, or the Spark executors below a worker. */
export const TARGET_KINDS = [...NODE_KINDS, "executor"] as const;
export type TargetKind = NodeKind | "executor";

export type HoldRangeMs = readonly [min: number, max: number];

const DOWN: HoldRangeMs = [2000, 8000];
const PAUSED: HoldRangeMs = [3000, 8000];
const NONE: HoldRangeMs = [0, 0];
const CUT: HoldRangeMs = [3000, 8000];
const SLOWED: HoldRangeMs = [4000, 10_000];

/** For a fault that strikes nodes of all kinds alike, the executors excepted. */
function everyNode(holdMs: HoldRangeMs): Record<TargetKind, HoldRangeMs | null> {
  return {
    kafka: holdMs,
    "spark-master": holdMs,
    "spark-worker": holdMs,
    executor: null,
    driver: holdMs,
    postgres: holdMs,
    producer: holdMs,
    zookeeper: holdMs,
    monitor: holdMs,
  };
}

/** For a fault of database servers. */
function postgresOnly(holdMs: HoldRangeMs): Record<TargetKind, HoldRangeMs | null> {
  return {
    ...(Object.fromEntries(TARGET_KINDS.map((kind) => [kind, null])) as Record<TargetKind, null>),
    postgres: holdMs,
  };
}

/**
 * Which faults a plan may draw for which target, and how long each holds; null: never.
 * - postgres is paused and cut off for less time than the others: everything behind it waits.
 * - An executor is not held down: Spark starts another by itself, and it has no supervisor of ours. It has no network of its own either.
 * - The producer is not stopped or restarted by SIGTERM: for a producer that means "end the run in order", not a failure.
 * - delay is for what has an address that clients connect to.
 */
export const CATALOG: Record<FaultKind, Record<TargetKind, HoldRangeMs | null>> = {
  kill: { ...everyNode(DOWN), executor: NONE },
  stop: { ...everyNode(DOWN), producer: null },
  pause: { ...everyNode(PAUSED), executor: PAUSED, postgres: [2000, 5000] },
  restart: { ...everyNode(NONE), producer: null },
  disconnect: { ...everyNode(CUT), postgres: [2000, 5000] },
  isolate: { ...everyNode(CUT), postgres: [2000, 5000] },
  delay: {
    ...everyNode(SLOWED),
    "spark-master": null,
    "spark-worker": null,
    driver: null,
    producer: null,
    zookeeper: null,
    monitor: null,
  },
  cpu: everyNode(SLOWED),
  memory: everyNode(SLOWED),
  failover: postgresOnly(DOWN),
  "failover-lossy": postgresOnly(DOWN),
  "split-brain": postgresOnly(SLOWED),
};

/** What a plan draws when no faults are named. The conditions are drawn only when asked for: not every runtime can do them. */
export const DEFAULT_FAULT_KINDS: readonly FaultKind[] = ["kill", "stop", "pause", "restart"];

/**
 * What a plan hits when no targets are named: each kind of which the stack has a node, but not the monitor, which no event goes through;
 * spark-master only where a standby is there to take over. A lone standalone master that comes back without a recovery directory does not know its applications any more and has the workers
 * kill their executors (Spark's Master, WorkerLatestState), and the application's client only waits for the master to call back
 * (StandaloneAppClient.onDisconnected). That loses the stream until the driver is started again: it is a fault worth asking for by
 * name, not one to draw unasked. With a second master ZooKeeper keeps that state and elects the other, which is the point of having it.
 */
export function defaultTargetKinds(nodes: readonly { kind: NodeKind }[]): TargetKind[] {
  const has = (kind: TargetKind): boolean =>
    nodes.some((node) => node.kind === (kind === "executor" ? "spark-worker" : kind));
  const standby = nodes.filter(({ kind }) => kind === "spark-master").length > 1;
  // In this order: it is what a seed shuffles, so that a stack without the last two has the plans it always had.
  const kinds: TargetKind[] = ["kafka", "spark-worker", "executor", "driver", "postgres", "producer", "zookeeper"];
  return [...kinds, ...(standby ? (["spark-master"] as const) : [])].filter(has);
}
