import { join } from "node:path";
import { LAYOUT, nodeEnvironment, ROOT } from "../state/layout.ts";
import { type NodeFiles, type ProcessSpec } from "../supervisor/node-files.ts";
import { nodeProcesses } from "../supervisor/node-process.ts";
import { BEHIND, behindAddress, clientPort, type LinkableKind } from "../state/node-ports.ts";
import { chooseSparePort } from "../state/ports.ts";
import { isAlive } from "../../../machine/process-identity.ts";
import { isFree } from "../../../machine/tcp-port.ts";
import type { Settings } from "../state/settings.ts";

/**
 * A link is a TCP proxy before a node: it has the node's client port, and the node itself listens on another one behind it. Clients keep their
 * addresses. `settings.links` says which nodes have one, and the port behind. A link is supervised like a node, but no plan strikes it.
 */
export const linkName = (node: string): string => `link-${node}`;

/** The specs of the links before nodes of this kind. They read their ports from the settings, as the nodes read theirs from their own files. */
export function linkSpecs(settings: Settings, stateDirectory: string, kind: LinkableKind): ProcessSpec[] {
  const nodes = Object.keys(settings.links ?? {}).filter(
    (node) => node.startsWith("postgres") === (kind === "postgres"),
  );
  return nodes.map((node) => linkSpec(settings, stateDirectory, node, kind));
}

export function linkSpec(settings: Settings, stateDirectory: string, node: string, kind: LinkableKind): ProcessSpec {
  const name = linkName(node);
  return {
    name,
    kind,
    link: node,
    command: process.execPath,
    args: [
      "--max-old-space-size=128",
      "--disable-warning=ExperimentalWarning",
      join(ROOT, "platform/local/links/link-main.ts"),
      "--state-dir",
      stateDirectory,
      "--node",
      node,
    ],
    env: nodeEnvironment(),
    secret_env: {},
    cwd: join(stateDirectory, LAYOUT.data),
    log: join(settings.run_directory, "logs", `${name}.log`),
    addresses: { client: `127.0.0.1:${clientPort(settings, node)}`, ...behindAddress(settings, node) },
    restart: "always",
    fatal_exits: { 64: "the settings have no such link" },
    stop: { signal: "SIGTERM", timeout_ms: 3_000 },
  };
}

/**
 * Writes a spec. If the node moved (its own port has changed), a new start is asked for first: if the process dies in between, the next
 * `up` sees the difference. The new port itself is in the node's own configuration or the settings, which are written before.
 */
export function writeSpecAndMove(files: NodeFiles, spec: ProcessSpec): void {
  const before = files.readSpec(spec.name);
  const desired = files.readDesired(spec.name);
  if (before !== undefined && desired !== undefined && before.addresses[BEHIND] !== spec.addresses[BEHIND])
    files.writeDesired(spec.name, { want: "up", generation: desired.generation + 1 });
  files.writeSpec(spec);
}

/** The links of these settings. If another process took the port behind a link while the node was down, the link gets another port. Only the link must know it. */
export async function keepLinks(
  stateDirectory: string,
  settings: Settings,
  files: NodeFiles,
): Promise<Pick<Settings, "links">> {
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
    if (settings.postgres_standby !== undefined) taken.add(settings.postgres_standby.port);
    links[node] = await chooseSparePort(stateDirectory, taken);
  }
  return { links };
}
