import { FaultlineError } from "../../../contract/errors.ts";
import type { NodeKind, NodeState, NodeStatus } from "../../../contract/node.ts";
import { lifeId } from "./life.ts";
import { type ContainerInspect, type EngineApi, isStatus } from "./engine-api.ts";

/** A node of the stack and the container that is it now. */
export type NodeContainer = { status: NodeStatus; service: string; inspect: ContainerInspect };

const SERVICES: [RegExp, NodeKind, (service: string) => Record<string, string>][] = [
  [/^zookeeper$/, "zookeeper", (service) => ({ client: `${service}:2181` })],
  [/^kafka-\d+$/, "kafka", (service) => ({ client: `${service}:9092` })],
  [/^postgres$/, "postgres", (service) => ({ sql: `${service}:5432` })],
  [/^spark-master(-\d+)?$/, "spark-master", (service) => ({ spark: `${service}:7077`, web: `${service}:8080` })],
  [/^spark-worker-\d+$/, "spark-worker", (service) => ({ web: `${service}:8081` })],
  [/^spark(-standby)?$/, "driver", () => ({})],
  [/^producer$/, "producer", () => ({})],
  [/^monitor$/, "monitor", () => ({})],
];

/** The services whose nodes have other names. */
const NODE_NAMES: Record<string, string> = { spark: "driver", "spark-standby": "driver-2" };

/** A service's node; undefined for services that are no nodes (validation, chaos). Addresses are those inside the compose network, but for `host`. */
export function nodeOfService(
  service: string,
): { name: string; kind: NodeKind; addresses: Record<string, string> } | undefined {
  const found = SERVICES.find(([pattern]) => pattern.test(service));
  return found === undefined
    ? undefined
    : { name: NODE_NAMES[service] ?? service, kind: found[1], addresses: found[2](service) };
}

/** The network of a project's services, as compose names it. */
export function networkOf(project: string): string {
  return `${project}_default`;
}

/** Every node of a compose project, by name. A node is found by the labels that compose gives; one container per service: the running container, else the newest. */
export async function nodeContainers(engine: EngineApi, project: string): Promise<NodeContainer[]> {
  const listed = await engine.list([`com.docker.compose.project=${project}`]);
  const found = await Promise.all(
    listed.map(async ({ Id, Labels }) => {
      const service = Labels["com.docker.compose.service"] ?? "";
      if (nodeOfService(service) === undefined || Labels["com.docker.compose.oneoff"] === "True") return undefined;
      try {
        return toNode(service, await engine.inspect(Id));
      } catch (error) {
        // Removed between list and inspect.
        if (isStatus(error, 404)) return undefined;
        throw error;
      }
    }),
  );
  const nodes = new Map<string, NodeContainer>();
  for (const node of found.filter((item) => item !== undefined)) {
    const other = nodes.get(node.status.name);
    if (other === undefined || rank(node) > rank(other)) nodes.set(node.status.name, node);
  }
  return [...nodes.values()].toSorted((a, b) => (a.status.name < b.status.name ? -1 : 1));
}

function rank({ status }: NodeContainer): number {
  return (status.state === "down" ? 0 : Number.MAX_SAFE_INTEGER / 2) + status.starts;
}

function toNode(service: string, inspect: ContainerInspect): NodeContainer {
  const node = nodeOfService(service) as NonNullable<ReturnType<typeof nodeOfService>>;
  const state = stateOf(inspect);
  const status: NodeStatus = {
    ...node,
    addresses: { ...node.addresses, ...published(inspect) },
    state,
    ...(state !== "down" && { life: lifeId(inspect) }),
    starts: startedMs(inspect),
    log: `docker logs ${inspect.Name.slice(1)}`,
  };
  return { status, service, inspect };
}

/** Where the machine that runs Docker reaches it: the first port that is published. */
function published({ NetworkSettings }: ContainerInspect): { host?: string } {
  const [port] = Object.values(NetworkSettings.Ports ?? {}).flatMap((bindings) => bindings ?? []);
  return port === undefined ? {} : { host: `${port.HostIp}:${port.HostPort}` };
}

/** While Docker waits before it starts a crashed one again, it says Running and Restarting at once: there is no process then. */
export function stateOf({ State }: ContainerInspect): NodeState {
  if (!State.Running || State.Restarting) return "down";
  return State.Paused ? "paused" : "running";
}

/**
 * When it was started last, ms since 1970; 0: never. It serves as NodeStatus.starts: Docker counts only the starts of its restart policy,
 * and this grows with every start.
 */
export function startedMs({ State }: ContainerInspect): number {
  return Math.max(0, Date.parse(State.StartedAt));
}

/** The node of that name. @throws FaultlineError FL_USAGE, FL_STACK_DOWN */
export async function findNode(engine: EngineApi, project: string, name: string): Promise<NodeContainer> {
  return nodeNamed(await nodeContainers(engine, project), project, name);
}

/** As findNode, in a list that is known. */
export function nodeNamed(nodes: NodeContainer[], project: string, name: string): NodeContainer {
  const node = nodes.find(({ status }) => status.name === name);
  if (node !== undefined) return node;
  if (nodes.length === 0) {
    throw new FaultlineError("FL_STACK_DOWN", `compose project "${project}" has no containers that are nodes`, {
      remedy: "docker compose up -d",
    });
  }
  throw new FaultlineError(
    "FL_USAGE",
    `there is no node "${name}"; nodes: ${nodes.map(({ status }) => status.name).join(", ")}`,
  );
}
