import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { type HostPort, hostsOf } from "../../contract/postgres-hosts.ts";
import { findPrimary, ROLE_QUERY } from "../../contract/postgres-primary.ts";
import type { PostgresLogin } from "../../contract/stack.ts";

/** Of each server, when there are several: one that is gone or paused must not keep the others from being found. */
const ASK_MS = 2_000;
/** So long may another server still say that it was promoted later. */
const PATIENCE_MS = 200;

/**
 * Connects to the one server of a login, or to the primary among several.
 * @param make a client that is not connected, with a listener for its errors. Without a time-out for connecting, its own counts.
 * @throws pg's errors; an Error if all servers are standbys.
 */
export async function connectPrimary(
  login: PostgresLogin,
  make: (host: HostPort, connectTimeoutMs?: number) => Client,
): Promise<Client> {
  const hosts = hostsOf(login);
  const [only, ...others] = hosts as [HostPort, ...HostPort[]];
  if (others.length === 0) return connect(make(only));
  const found = await findPrimary(hosts, {
    open: async (host) => connect(make(host, ASK_MS)),
    ask: async (client) => {
      const query = { text: ROLE_QUERY, query_timeout: ASK_MS };
      return (await client.query<object>(query)).rows[0];
    },
    drop: destroy,
    patience: () => sleep(PATIENCE_MS),
  });
  return found.session;
}

async function connect(client: Client): Promise<Client> {
  try {
    await client.connect();
    return client;
  } catch (error) {
    destroy(client);
    throw error;
  }
}

/** pg's types leave out the socket, which is the only way to end a connection whose server does not answer. */
export function destroy(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
