import type { ConditionKind, NodeKind } from "../../../contract/node.ts";
import { isLinkable } from "../state/node-ports.ts";

/** Why a condition can't be put on a node of a local stack, as one sentence; undefined: it can. Needs no stack. */
export function whyUnavailable(node: { name: string; kind: NodeKind }, kind: ConditionKind): string | undefined {
  const { name } = node;
  if (kind === "disconnect" || kind === "isolate")
    return `${name} of a local stack can't lose its network: all nodes share this machine's loopback; the compose runtime gives each one its own`;
  if (kind === "cpu" || kind === "memory")
    return `${name} of a local stack has no ${kind === "cpu" ? "processors" : "memory"} of its own to take: all nodes share this machine's; the compose runtime gives each one a limit`;
  if (isLinkable(node.kind)) return undefined;
  if (node.kind === "driver" || node.kind === "producer" || node.kind === "monitor")
    return `${name} can't be delayed: it has no client address, it is itself a client`;
  return `${name} of a local stack can't be delayed: a link's proxy can be put before Kafka nodes and PostgreSQL only`;
}
