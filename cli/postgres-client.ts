import pg from "pg";
import { FaultlineError } from "../contract/errors.ts";
import type { PostgresLogin } from "../contract/stack.ts";

/** @throws FaultlineError FL_POSTGRES_AUTH for a refused login, FL_POSTGRES_UNREACHABLE for anything else */
export async function connectPostgres(login: PostgresLogin): Promise<pg.Client> {
  const client = new pg.Client({ ...login, connectionTimeoutMillis: 5_000, application_name: "faultline" });
  try {
    await client.connect();
    return client;
  } catch (error) {
    const code = (error as { code?: string }).code ?? "";
    const where = `${login.user}@${login.host}:${login.port}/${login.database}`;
    if (code.startsWith("28"))
      throw new FaultlineError("FL_POSTGRES_AUTH", `PostgreSQL refused the login ${where}`, {
        remedy: "check user and password (POSTGRES_USER, POSTGRES_PASSWORD)",
        cause: error,
      });
    throw new FaultlineError("FL_POSTGRES_UNREACHABLE", `PostgreSQL does not answer at ${where}: ${(error as Error).message}`, {
      remedy: "./faultline status",
      cause: error,
    });
  }
}
