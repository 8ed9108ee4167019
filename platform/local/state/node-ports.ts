import type { NodeKind } from "../../../contract/node.ts";
import type { Endpoint } from "../../link/delayed-connection.ts";
import type { PortName } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** The name of the service that is the node's own listener behind its link, in its addresses. */
export const BEHIND = "behind";

/** The server that begins as the standby. After a promotion it is the primary, and keeps its name. */
export const POSTGRES_STANDBY = "postgres-2";

const HOST = "127.0.0.1";

/** Kinds that a link can be put before. */
export type LinkableKind = "kafka" | "postgres";
export function isLinkable(kind: NodeKind): kind is LinkableKind {
  return kind === "kafka" || kind === "postgres";
}

/** The port that clients know: the node's, or its link's. */
export function clientPort(settings: Settings, node: string): number {
  if (node === POSTGRES_STANDBY) return standbyPort(settings);
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
  return behind === undefined
    ? undefined
    : { listen: { host: HOST, port: clientPort(settings, node) }, target: { host: HOST, port: behind } };
}

/** @throws Error for a stack without a standby: its name is then the name of no node. */
function standbyPort({ postgres_standby }: Settings): number {
  if (postgres_standby === undefined) throw new Error(`this stack has no ${POSTGRES_STANDBY}`);
  return postgres_standby.port;
}
