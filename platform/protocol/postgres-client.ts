import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { FaultlineError } from "../../contract/errors.ts";
import { type HostPort, hostsOf, hostText } from "../../contract/postgres-hosts.ts";
import { findPrimary, ROLE_QUERY } from "../../contract/postgres-primary.ts";
import type { PostgresAddress, PostgresLogin } from "../../contract/stack.ts";

/** The login at an address, with the password from its file of mode 0600. */
export function loginOf({ password_file, ...address }: PostgresAddress): PostgresLogin {
  return { ...address, password: readFileSync(password_file, "utf8").trim() };
}

type SessionOptions = {
  /** What pg_stat_activity shows. */
  application: string;
  connectTimeoutMs: number;
  /** Undefined: a query may take as long as it takes. */
  queryTimeoutMs?: number;
  /** Called if several servers take writes, with the one that was chosen and with the others. */
  onRivals?: (chosen: string, rivals: readonly string[]) => void;
};

/** Of each server, when there are several: one that is gone or paused must not keep the others from being found. */
const ASK_MS = 2_000;
/** So long may another server still say that it was promoted later. */
const PATIENCE_MS = 200;

/**
 * Opens a session with the server, or with the primary among several. A server that ends it later is an error of the next query.
 * @throws pg's errors; an Error if all servers are standbys.
 */
export async function connectPostgres(login: PostgresLogin, options: SessionOptions): Promise<pg.Client> {
  const hosts = hostsOf(login);
  const [only, ...others] = hosts as [HostPort, ...HostPort[]];
  if (others.length === 0) return connectTo({ ...login, ...only }, options);
  const askMs = Math.min(options.connectTimeoutMs, ASK_MS);
  const found = await findPrimary(hosts, {
    open: async (host) => connectTo({ ...login, ...host }, { ...options, connectTimeoutMs: askMs }),
    ask: async (client) => {
      const query = { text: ROLE_QUERY, query_timeout: askMs };
      return (await client.query<object>(query)).rows[0];
    },
    drop: destroy,
    patience: () => sleep(PATIENCE_MS),
  });
  if (found.rivals.length > 0) options.onRivals?.(hostText(found.host), found.rivals);
  return found.session;
}

async function connectTo(login: PostgresLogin, options: SessionOptions): Promise<pg.Client> {
  const client = new pg.Client({
    ...login,
    application_name: options.application,
    connectionTimeoutMillis: options.connectTimeoutMs,
    ...(options.queryTimeoutMs !== undefined && { query_timeout: options.queryTimeoutMs }),
  });
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    destroy(client);
    throw error;
  }
}

/** pg's types leave out the socket, which is the only way to end a connection whose server does not answer. */
function destroy(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

/** What a failed connectPostgres means to a user: FL_POSTGRES_AUTH for a refused login, else FL_POSTGRES_UNREACHABLE. */
export function connectProblem(error: unknown, login: PostgresLogin): FaultlineError {
  const where = `${login.user}@${hostsOf(login).map(hostText).join(",")}/${login.database}`;
  // Class 28 of SQLSTATE: invalid authorization specification.
  if ((error as { code?: string }).code?.startsWith("28") === true)
    return new FaultlineError("FL_POSTGRES_AUTH", `PostgreSQL refused the login ${where}`, {
      remedy: "check user and password (POSTGRES_USER, POSTGRES_PASSWORD)",
      cause: error,
    });
  return new FaultlineError(
    "FL_POSTGRES_UNREACHABLE",
    `PostgreSQL does not answer at ${where}: ${(error as Error).message}`,
    { remedy: "./faultline status", cause: error },
  );
}

/** Connects, runs, disconnects; every step is bounded. @throws pg's errors. */
export async function withPostgres<T>(
  address: PostgresAddress,
  work: (client: pg.Client) => Promise<T>,
  timeoutMs = 2_000,
): Promise<T> {
  const client = await connectPostgres(loginOf(address), {
    application: "faultline-platform",
    connectTimeoutMs: timeoutMs,
    queryTimeoutMs: timeoutMs,
  });
  try {
    return await work(client);
  } finally {
    // A paused server would never answer the goodbye.
    await Promise.race([client.end().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 250).unref())]);
  }
}

export async function postgresAnswers(address: PostgresAddress): Promise<boolean> {
  try {
    const result = await withPostgres(address, async (client) => client.query<{ one: number }>("SELECT 1 AS one"));
    return result.rows[0]?.one === 1;
  } catch {
    return false;
  }
}
