import { Client } from "pg";
import { type HostPort, hostsOf, hostText } from "../../contract/postgres-hosts.ts";
import { findPrimary, ROLE_QUERY, timelineOf } from "../../contract/postgres-primary.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { UnreadableError } from "../read/unreadable-error.ts";

const CONNECT_TIMEOUT_MS = 5000;

/**
 * A session with the one server of a login, or with the primary among several: each server is asked and may answer, so that no second primary
 * goes unnoticed. @returns with the login of that server alone, for further sessions.
 * @throws pg's errors. @throws UnreadableError if several servers take writes: one of them lacks what the other has.
 */
export async function connectPrimary(login: PostgresLogin): Promise<{ client: Client; server: PostgresLogin }> {
  const hosts = hostsOf(login);
  const [only, ...others] = hosts as [HostPort, ...HostPort[]];
  if (others.length === 0) return { client: await connect(login, only), server: login };
  const { session, host, role, rivals } = await findPrimary(hosts, {
    open: (one) => connect(login, one),
    ask: async (client) => {
      const query = { text: ROLE_QUERY, query_timeout: CONNECT_TIMEOUT_MS };
      return (await client.query<object>(query)).rows[0];
    },
    drop: destroy,
  });
  if (rivals.length === 0) return { client: session, server: { ...login, ...host, standbys: undefined } };
  destroy(session);
  throw new UnreadableError(
    `several PostgreSQL servers take writes (split brain): ${hostText(host)} (timeline ${timelineOf(role)}) and ${rivals.join(", ")}; stop the ones with the lower timeline, or name the one to judge with --db-host`,
  );
}

async function connect(login: PostgresLogin, host: HostPort): Promise<Client> {
  const client = new Client({
    ...login,
    ...host,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "faultline-validation",
    keepAlive: true,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    destroy(client);
    throw error;
  }
}

/** pg's types leave out the socket, which is the only way to end a connection whose server does not answer. */
function destroy(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
