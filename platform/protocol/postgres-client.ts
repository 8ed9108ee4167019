import { readFileSync } from "node:fs";
import pg from "pg";
import type { PostgresAddress } from "../../contract/stack.ts";

/** Connects, runs, disconnects; every step is bounded. @throws pg's errors. */
export async function withPostgres<T>(address: PostgresAddress, work: (client: pg.Client) => Promise<T>, timeoutMs = 2_000): Promise<T> {
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    password: readFileSync(address.passwordFile, "utf8").trim(),
    application_name: "faultline-platform",
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  client.on("error", () => {});
  try {
    await client.connect();
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
