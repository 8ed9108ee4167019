import { setTimeout as sleep } from "node:timers/promises";
import { Client, escapeIdentifier, escapeLiteral } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { FaultlineError } from "../../contract/errors.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { LineSplitter } from "./line-splitter.ts";

const CONNECT_TIMEOUT_MS = 5000;
/** So that what is read is spelled one way: https://www.postgresql.org/docs/18/runtime-config-client.html */
const SPELLING =
  "SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET client_encoding = 'UTF8'; SET IntervalStyle = 'postgres'";

/** A connection that only reads. */
export class PostgresReader {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @throws FaultlineError FL_POSTGRES_AUTH, FL_POSTGRES_UNREACHABLE */
  static async connect(login: PostgresLogin): Promise<PostgresReader> {
    const client = new Client({ ...login, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, application_name: "faultline-validation", keepAlive: true });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(SPELLING);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw explain(error as Error, login);
    }
    return new PostgresReader(client);
  }

  /** next_offset of every partition of a target's topic. @throws FaultlineError FL_SCHEMA_MISSING */
  async nextOffsets(target: string, topic: string): Promise<Map<number, number>> {
    try {
      const { rows } = await this.#client.query<{ partition: number; next_offset: string }>(
        "SELECT partition, next_offset FROM sink_offsets WHERE target = $1 AND topic = $2",
        [target, topic],
      );
      return new Map(rows.map((row) => [row.partition, Number(row.next_offset)]));
    } catch (error) {
      throw explain(error as Error);
    }
  }

  /** Runs `read` in one read-only snapshot: all that it copies is of one moment. */
  async snapshot<T>(read: () => Promise<T>): Promise<T> {
    try {
      await this.#client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const result = await read();
      await this.#client.query("COMMIT");
      return result;
    } catch (error) {
      throw explain(error as Error);
    }
  }

  /**
   * Copies rows as text, one call of `line` for each, without its newline; columns in COPY's text format.
   * @param columns quoted here. @param where conditions of equality. @param order columns to sort by.
   */
  async copy(
    table: string,
    columns: readonly string[],
    options: { where?: Record<string, string>; order?: readonly string[]; signal: AbortSignal },
    line: (text: string) => void,
  ): Promise<number> {
    const where = Object.entries(options.where ?? {}).map(([name, value]) => `${escapeIdentifier(name)} = ${escapeLiteral(value)}`);
    const order = options.order === undefined ? "" : ` ORDER BY ${quoted(options.order)}`;
    const query = `SELECT ${quoted(columns)} FROM ${escapeIdentifier(table)}${where.length > 0 ? ` WHERE ${where.join(" AND ")}` : ""}${order}`;
    const stream = this.#client.query(copyTo(`COPY (${query}) TO STDOUT`, { highWaterMark: 1024 * 1024 }));
    const splitter = new LineSplitter(line);
    for await (const chunk of stream) {
      options.signal.throwIfAborted();
      splitter.push(chunk as Buffer);
    }
    return stream.rowCount;
  }

  /** Ends the session; one that hangs in the middle of a COPY is cut off. */
  async close(): Promise<void> {
    const end = this.#client.end().catch(() => undefined);
    await Promise.race([end, sleep(1000, undefined, { ref: false })]);
  }
}

function quoted(names: readonly string[]): string {
  return names.map(escapeIdentifier).join(", ");
}

const PASSWORD_ERRORS = new Set(["28P01", "28000"]);
const MISSING_ERRORS = new Set(["42P01", "42703", "3D000"]);

/** https://www.postgresql.org/docs/18/errcodes-appendix.html */
function explain(error: Error & { code?: string }, login?: PostgresLogin): Error {
  // A bug of ours is not PostgreSQL's fault.
  if (error instanceof FaultlineError || error instanceof TypeError || error instanceof RangeError || error.name === "AbortError") return error;
  const place = login === undefined ? "PostgreSQL" : `PostgreSQL at ${login.host}:${login.port}, database ${login.database}, user ${login.user}`;
  if (PASSWORD_ERRORS.has(error.code ?? "") || /password/i.test(error.message))
    return new FaultlineError("FL_POSTGRES_AUTH", `${place} refuses the login: ${error.message}`, {
      remedy: "give the right --db-user and --db-password (or POSTGRES_USER and POSTGRES_PASSWORD)",
      cause: error,
    });
  if (MISSING_ERRORS.has(error.code ?? ""))
    return new FaultlineError("FL_SCHEMA_MISSING", `${place}: ${error.message}`, {
      remedy: "create the pipeline's tables: `./faultline schema --pipeline FILE | psql`",
      cause: error,
    });
  return new FaultlineError("FL_POSTGRES_UNREACHABLE", `${place} can't be read: ${error.message || String(error.code)}`, {
    remedy: "start the stack (`./faultline up`), or give the address with --db-host and --db-port",
    cause: error,
  });
}
