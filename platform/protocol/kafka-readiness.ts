import type { NodeStatus } from "../../contract/node.ts";
import { type ClusterView, clusterView } from "./kafka-cluster.ts";

async function viewOf(node: NodeStatus): Promise<ClusterView | undefined> {
  return clusterView(node.addresses["client"] ?? "").catch(() => undefined);
}

/** The broker is known to, and in every ISR it belongs to as seen by, itself and every other broker that answers; one other must. */
export async function kafkaIsReady(nodes: NodeStatus[], node: NodeStatus): Promise<boolean> {
  const others = nodes.filter((item) => item.kind === "kafka" && item.state === "running" && item.name !== node.name);
  const [own, ...rest] = await Promise.all([node, ...others].map(viewOf));
  const answered = rest.filter((item) => item !== undefined);
  const id = Number(node.name.split("-").at(-1));
  return own !== undefined && answered.length > 0 && [own, ...answered].every((item) => isInEveryIsr(item, id));
}

export function isInEveryIsr(view: ClusterView, id: number): boolean {
  return (
    view.brokers.includes(id) && view.partitions.every((item) => !item.replicas.includes(id) || item.isr.includes(id))
  );
}
