import { join } from "node:path";
import type { NodeKind } from "../../contract/node.ts";
import type { Endpoint } from "../link/delayed-connection.ts";
import { LAYOUT, nodeEnvironment, ROOT } from "./layout.ts";
import { type NodeFiles, type ProcessSpec } from "./node-files.ts";
import { nodeProcesses } from "./node-process.ts";
import { chooseSparePort, isFree, type PortName } from "./ports.ts";
import { isAlive } from "./process-identity.ts";
import type { Settings } from "./settings.ts";

/**
 * A link is a TCP proxy before a node: it has the node's client port, and the node itself listens on another one behind it. Clients keep their
 * addresses. `settings.links` says which nodes have one, and the port behind. A link is supervised like a node, but no plan strikes it.
 */
export const linkName = (node: string): string => `link-${node}`;

/** The name of the service that is the node's own listener behind its link, in its addresses. */
export const BEHIND = "behind";

const HOST = "127.0.0.1";

/** Kinds that a link can be put before. */
export function isLinkable(kind: NodeKind): kind is "kafka" | "postgres" {
  return kind === "kafka" || kind === "postgres";
}

function clientPort(settings: Settings, node: string): number {
  return settings.ports[(node === "postgres" ? node : `${node}-client`) as PortName];
}

/** Where the node itself listens for clients: behind its link if it has one. */
export function ownPort(settings: Settings, node: string): number {
  return settings.links?.[node] ?? clientPort(settings, node);
}

/** What a link adds to its node's addresses. */
export function behindAddress(settings: Settings, node: string): Record<string, string> {
  const port = settings.links?.[node];
  return port === undefined ? {} : { [BEHIND]: `${HOST}:${port}` };
}

/** Both ends of a node's link; undefined when it has none. */
export function linkEnds(settings: Settings, node: string): { listen: Endpoint; target: Endpoint } | undefined {
  const behind = settings.links?.[node];
  return behind === undefined ? undefined : { listen: { host: HOST, port: clientPort(settings, node) }, target: { host: HOST, port: behind } };
}

/** The specs of the links before nodes of this kind. They read their ports from the settings, as the nodes read theirs from their own files. */
export function linkSpecs(settings: Settings, stateDirectory: string, kind: "kafka" | "postgres"): ProcessSpec[] {
  const nodes = Object.keys(settings.links ?? {}).filter((node) => (node === "postgres") === (kind === "postgres"));
  return nodes.map((node) => linkSpec(settings, stateDirectory, node, kind));
}

export function linkSpec(settings: Settings, stateDirectory: string, node: string, kind: "kafka" | "postgres"): ProcessSpec {
  const name = linkName(node);
  return {
    name,
    kind,
    link: node,
    command: process.execPath,
    args: [
      "--max-old-space-size=128",
      "--disable-warning=ExperimentalWarning",
      join(ROOT, "platform/local/link-main.ts"),
      "--state-dir",
      stateDirectory,
      "--node",
      node,
    ],
    env: nodeEnvironment(),
    secretEnv: {},
    cwd: join(stateDirectory, LAYOUT.data),
    log: join(settings.runDirectory, "logs", `${name}.log`),
    addresses: { client: `${HOST}:${clientPort(settings, node)}`, ...behindAddress(settings, node) },
    restart: "always",
    fatalExitCodes: [64],
    stop: { signal: "SIGTERM", timeoutMs: 3_000 },
  };
}

/**
 * Writes a spec. Where the node moved (its own port is another one than before) it is wanted anew, and that goes first: whoever dies in between
 * leaves a difference that the next `up` sees. The new port itself is in the node's own configuration or the settings, which are written before.
 */
export function writeSpecAndMove(files: NodeFiles, spec: ProcessSpec): void {
  const before = files.readSpec(spec.name);
  const desired = files.readDesired(spec.name);
  if (before !== undefined && desired !== undefined && before.addresses[BEHIND] !== spec.addresses[BEHIND])
    files.writeDesired(spec.name, { want: "up", generation: desired.generation + 1 });
  files.writeSpec(spec);
}

/** The links of these settings; one whose port behind was taken by somebody else while its node was down gets another, which only the link must know. */
export async function keepLinks(stateDirectory: string, settings: Settings, files: NodeFiles): Promise<Pick<Settings, "links">> {
  if (settings.links === undefined) return {};
  const links: Record<string, number> = { ...settings.links };
  for (const [node, port] of Object.entries(links)) {
    const taken = new Set(Object.values(settings.ports));
    const { process } = files.readActual(node);
    if (process !== null && isAlive(process)) continue;
    const spec = files.readSpec(node);
    // What is left of a node's children may have it for a moment; the supervisor ends them.
    const leftovers = spec !== undefined && nodeProcesses(stateDirectory, spec, null).length > 0;
    if (!taken.has(port) && (leftovers || (await isFree(port)))) continue;
    for (const other of Object.values(links)) taken.add(other);
    links[node] = await chooseSparePort(stateDirectory, taken);
  }
  return { links };
}
