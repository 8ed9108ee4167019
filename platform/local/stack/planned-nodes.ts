import { CONDITION_KINDS, type NodeKind } from "../../../contract/node.ts";
import type { PlannedNode } from "../../runtime.ts";
import { whyUnavailable } from "../links/unavailable.ts";
import { kafkaName } from "../nodes/kafka.ts";
import { workerName } from "../nodes/spark.ts";
import { ZOOKEEPER } from "../nodes/zookeeper.ts";
import { driverNames, KAFKA_IDS, type Settings, WORKER_IDS } from "../state/settings.ts";

/** The nodes of a local stack with such settings, in the order in which an inventory lists them. */
export function plannedNodes({ coordination, standby }: Pick<Settings, "coordination" | "standby">): PlannedNode[] {
  const nodes: { name: string; kind: NodeKind }[] = [
    ...KAFKA_IDS.map((id) => ({ name: kafkaName(id), kind: "kafka" as const })),
    ...(coordination === "zookeeper" ? [{ name: ZOOKEEPER, kind: "zookeeper" as const }] : []),
    ...WORKER_IDS.map((id) => ({ name: workerName(id), kind: "spark-worker" as const })),
    ...driverNames({ standby }).map((name) => ({ name, kind: "driver" as const })),
    ...(["postgres", "spark-master", "producer", "monitor"] as const).map((kind) => ({ name: kind, kind })),
  ];
  return nodes
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((node) => ({
      ...node,
      unavailable: Object.fromEntries(
        CONDITION_KINDS.flatMap((kind) => {
          const why = whyUnavailable(node, kind);
          return why === undefined ? [] : [[kind, why]];
        }),
      ),
    }));
}
