import type { FaultHistory } from "../../contract/fault-history.ts";
import type { NodeKind } from "../../contract/node.ts";

/** A fault between its injection and its undo, ms since 1970. */
export type FaultWindow = {
  fault: FaultHistory;
  fromMs: number;
  /** Infinity: not undone. */
  toMs: number;
};

/**
 * @param faults those that had an effect.
 * @returns their windows, by time of injection. A fault that was undone at the moment of its injection has none: it lasted no time.
 */
export function windowsOf(faults: readonly FaultHistory[]): FaultWindow[] {
  return faults
    .map((fault) => ({ fault, fromMs: fault.injectedMs, toMs: fault.healedMs ?? Infinity }))
    .filter(({ fromMs, toMs }) => toMs > fromMs)
    .toSorted((a, b) => a.fromMs - b.fromMs);
}

/**
 * What an event goes through. acknowledgement: producer → Kafka, success is an acknowledgement. storing: Kafka → Spark → PostgreSQL, success is
 * a committed row.
 */
export type Path = "acknowledgement" | "storing";

/**
 * Which paths a node serves. The monitor serves none: it only watches. ZooKeeper serves only Kafka's controller: what is elected already goes
 * on storing without it.
 */
export const PATHS_OF: Record<NodeKind, readonly Path[]> = {
  kafka: ["acknowledgement", "storing"],
  zookeeper: ["acknowledgement"],
  producer: ["acknowledgement"],
  postgres: ["storing"],
  driver: ["storing"],
  "spark-master": ["storing"],
  "spark-worker": ["storing"],
  monitor: [],
};

/** What a fault's path said between injection and undo, and after it. */
export type PathLoad = {
  isUnderLoad: boolean;
  /** Success was seen on the path after the undo. */
  isRecovered: boolean;
};
