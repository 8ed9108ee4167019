import type { ConditionKind, NodeKind } from "../../../contract/node.ts";
import { type Question, roundTripMs } from "../../protocol/round-trip.ts";
import type { NodeContainer } from "../engine/containers.ts";
import { type EngineApi, isStatus } from "../engine/engine-api.ts";
import { measureLoad } from "./load.ts";

const TIMEOUT_MS = 4_500;

const QUESTIONS: Partial<Record<NodeKind, [service: string, question: Question]>> = {
  kafka: ["client", "kafka"],
  postgres: ["sql", "postgres"],
  zookeeper: ["client", "zookeeper"],
  "spark-master": ["web", "http"],
  "spark-worker": ["web", "http"],
};

/** Arguments: host:port each. All at once, each bounded; prints the microseconds of every connection that came about. */
const CONNECT = `for address in "$@"; do
  timeout 4 bash -c 'before=\${EPOCHREALTIME/[.,]/}; exec 3<>"/dev/tcp/$1/$2" && echo $((\${EPOCHREALTIME/[.,]/} - before))' connect "\${address%:*}" "\${address##*:}" &
done 2>/dev/null; wait; exit 0`;

/** See Conditions.measure. */
export async function measure(
  engine: EngineApi,
  nodes: NodeContainer[],
  node: NodeContainer,
  kind: ConditionKind,
): Promise<number | null> {
  if (kind === "cpu" || kind === "memory") return measureLoad(engine, node, kind);
  const [service, question] = QUESTIONS[node.status.kind] ?? [];
  if (service !== undefined && question !== undefined)
    return roundTripMs(question, node.status.addresses[service] ?? "", TIMEOUT_MS);
  const brokers = nodes.flatMap(({ status }) => (status.kind === "kafka" ? [status.addresses["client"] ?? ""] : []));
  return connectMs(engine, node, brokers);
}

/** A node without a port of its own (driver, producer) asks from inside: ms to connect to the first broker that accepts. Null: none does, or the node can't be asked. */
export async function connectMs(
  engine: EngineApi,
  { status, inspect }: NodeContainer,
  addresses: string[],
): Promise<number | null> {
  if (status.state !== "running") return null;
  try {
    const { stdout } = await engine.exec(
      inspect.Id,
      ["bash", "-c", CONNECT, "faultline", ...addresses],
      TIMEOUT_MS * 2,
    );
    const times = stdout.split("\n").filter((line) => /^\d+$/.test(line));
    return times.length === 0 ? null : Math.min(...times.map(Number)) / 1000;
  } catch (error) {
    if (isStatus(error, 404, 409)) return null;
    throw error;
  }
}
