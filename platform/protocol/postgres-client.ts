import { readFileSync } from "node:fs";
import pg from "pg";
import { FaultlineError } from "../../contract/errors.ts";
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
};

/** Opens a session. A server that ends it later is an error of the next query. @throws pg's errors */
export async function connectPostgres(login: PostgresLogin, options: SessionOptions): Promise<pg.Client> {
  const client = new pg.Client({
    ...login,
    application_name: options.application,
    connectionTimeoutMillis: options.connectTimeoutMs,
    ...(options.queryTimeoutMs !== undefined && { query_timeout: options.queryTimeoutMs }),
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** What a failed connectPostgres means to a user: FL_POSTGRES_AUTH for a refused login, else FL_POSTGRES_UNREACHABLE. */
export function connectProblem(error: unknown, { user, host, port, database }: PostgresLogin): FaultlineError {
  const where = `${user}@${host}:${port}/${database}`;
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
