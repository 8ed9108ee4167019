import type { NodeStatus, Role } from "../../contract/node.ts";
import { activeDriver } from "./driver-readiness.ts";
import { activeController, partitionLeader } from "./kafka-cluster.ts";
import type { ReadinessQuestion } from "./node-readiness.ts";
import { primaryName } from "./postgres-servers.ts";

/** The node that holds a role now; undefined: no node holds it. */
export async function roleHolder(question: ReadinessQuestion, topic: string, role: Role): Promise<string | undefined> {
  if (role.role === "active-driver") return activeDriver(question)?.name;
  if (role.role === "primary") return primaryName(question);
  return kafkaRoleHolder(question.nodes, topic, role);
}

type KafkaRole = Exclude<Role, { role: "active-driver" | "primary" }>;

/**
 * The Kafka node that holds a role now, asked of every Kafka node that runs; undefined: no node holds it. If answers about a
 * leader differ, the answer with the highest epoch counts. If answers about the controller differ, the most common name of a running
 * node counts: with ZooKeeper, brokers name a dead controller until there is another.
 */
async function kafkaRoleHolder(nodes: NodeStatus[], topic: string, role: KafkaRole): Promise<string | undefined> {
  const running = nodes.filter(({ kind, state }) => kind === "kafka" && state === "running");
  const addresses = running.map((node) => node.addresses["client"] ?? "");
  if (role.role === "leader") return nameOf(await partitionLeader(addresses, topic, role.partition));
  const answers = await Promise.allSettled(addresses.map(async (address) => activeController(address)));
  const names = answers
    .flatMap((answer) => (answer.status === "fulfilled" ? (nameOf(answer.value) ?? []) : []))
    .filter((name) => running.some((node) => node.name === name));
  const count = (name: string): number => names.filter((other) => other === name).length;
  return names.toSorted((a, b) => count(b) - count(a))[0];
}

function nameOf(id: number | undefined): string | undefined {
  return id === undefined ? undefined : `kafka-${id}`;
}
