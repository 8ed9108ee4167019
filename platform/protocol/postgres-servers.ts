import { type HostPort, parseHosts } from "../../contract/postgres-hosts.ts";
import type { NodeStatus } from "../../contract/node.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import { postgresAnswers, withPostgres } from "./postgres-client.ts";

type Servers = { nodes: readonly NodeStatus[]; postgres: PostgresAddress };

/** Whether the node's server answers, itself: of several, another one would answer for it. */
export async function serverAnswers({ postgres }: Servers, node: NodeStatus): Promise<boolean> {
  return postgres.standbys === undefined ? postgresAnswers(postgres) : (await serverRole(postgres, node)) !== undefined;
}

/** The node whose server takes writes; the only one, if there is one; undefined: none says so. */
export async function primaryName({ nodes, postgres }: Servers): Promise<string | undefined> {
  const servers = nodes.filter(({ kind }) => kind === "postgres");
  if (servers.length < 2) return servers[0]?.name;
  const roles = await Promise.all(servers.map((node) => serverRole(postgres, node)));
  return servers.find((_, index) => roles[index] === "primary")?.name;
}

/** What a node's server says that it is; undefined: it does not answer, or the node is no server. */
export async function serverRole(
  address: PostgresAddress,
  node: NodeStatus,
): Promise<"primary" | "standby" | undefined> {
  const hosts = node.kind === "postgres" ? parseHosts(node.addresses["sql"] ?? "") : [];
  if (typeof hosts === "string" || node.state !== "running") return undefined;
  const [own] = hosts as [HostPort?];
  if (own === undefined) return undefined;
  try {
    const { rows } = await withPostgres({ ...address, ...own, standbys: undefined }, async (client) =>
      client.query<{ standby: boolean }>("SELECT pg_catalog.pg_is_in_recovery() AS standby"),
    );
    return rows[0]?.standby === true ? "standby" : "primary";
  } catch {
    return undefined;
  }
}
