import { setTimeout as sleep } from "node:timers/promises";
import { type Client, escapeIdentifier, escapeLiteral } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { FaultlineError } from "../../contract/errors.ts";
import type { Aggregate, Pipeline } from "../../contract/pipeline.ts";
import { hostsOf, hostText } from "../../contract/postgres-hosts.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { connectPrimary } from "./connect-primary.ts";
import { CATALOG_QUERY, type CatalogRow, relationsOf, resolveSchema } from "./relations.ts";
import { UnreadableError } from "../read/unreadable-error.ts";
import { type ViewTotals, viewTotalsQuery } from "./view-totals.ts";

const LOCK_TIMEOUT_S = 30;
/**
 * So that what is read is spelled one way: https://www.postgresql.org/docs/18/runtime-config-client.html. Names mean PostgreSQL's own functions
 * and operators, tables are named with their schema. A policy that hides rows is an error instead, and so is a table that another session keeps locked.
 */
const SETTINGS = `SET search_path = pg_catalog; SET row_security = off; SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET client_encoding = 'UTF8'; SET IntervalStyle = 'postgres'; SET lock_timeout = '${LOCK_TIMEOUT_S}s'`;

/** A connection that only reads. Call `resolve` before anything else. */
export class PostgresReader {
  /** Of the server that is read: if the login names several, this one was the primary. */
  readonly server: PostgresLogin;
  readonly #client: Client;
  #schema = "";

  private constructor(client: Client, server: PostgresLogin) {
    this.#client = client;
    this.server = server;
  }

  /** @throws FaultlineError FL_POSTGRES_AUTH, FL_POSTGRES_UNREACHABLE. @throws UnreadableError if several servers take writes. */
  static async connect(login: PostgresLogin): Promise<PostgresReader> {
    let client: Client | undefined;
    try {
      const found = await connectPrimary(login);
      ({ client } = found);
      await client.query(SETTINGS);
      return new PostgresReader(client, found.server);
    } catch (error) {
      await client?.end().catch(() => undefined);
      throw explain(error as Error, login);
    }
  }

  /**
   * Finds the pipeline's tables.
   * @throws FaultlineError FL_SCHEMA_MISSING. @throws UnreadableError when they can't be told from others, or can't be compared exactly.
   */
  async resolve(pipeline: Pipeline): Promise<void> {
    try {
      const relations = relationsOf(pipeline);
      const encoding = await this.#client.query<{ server_encoding: string }>("SHOW server_encoding");
      if (encoding.rows[0]?.server_encoding !== "UTF8")
        throw new UnreadableError(
          `the database has the encoding ${encoding.rows[0]?.server_encoding}, so texts can't be compared exactly; only UTF8 can`,
        );
      const { rows } = await this.#client.query<CatalogRow>(CATALOG_QUERY, [relations.map(({ name }) => name)]);
      this.#schema = resolveSchema(relations, rows);
    } catch (error) {
      throw explain(error as Error);
    }
  }

  /** next_offset of every partition of a target's topic. @throws FaultlineError FL_SCHEMA_MISSING */
  async nextOffsets(target: string, topic: string): Promise<Map<number, number>> {
    try {
      const { rows } = await this.#client.query<{ partition: number; next_offset: string }>(
        `SELECT partition, next_offset FROM ${this.#name("sink_offsets")} WHERE target = $1 AND topic = $2`,
        [target, topic],
      );
      return new Map(rows.map((row) => [row.partition, Number(row.next_offset)]));
    } catch (error) {
      throw explain(error as Error);
    }
  }

  /** Begins a read-only snapshot, so that everything copied is of one moment. @returns the snapshot's name for other sessions. */
  async beginSnapshot(): Promise<string> {
    try {
      await this.#client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const { rows } = await this.#client.query<{ name: string }>("SELECT pg_catalog.pg_export_snapshot() AS name");
      return rows[0]?.name as string;
    } catch (error) {
      throw explain(error as Error);
    }
  }

  /** Reads the snapshot of another session, which must still have it open. */
  async joinSnapshot(name: string): Promise<void> {
    try {
      await this.#client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      await this.#client.query(`SET TRANSACTION SNAPSHOT ${escapeLiteral(name)}`);
    } catch (error) {
      throw explain(error as Error);
    }
  }

  /** Gives a query's rows in COPY's text format, in chunks of any size. */
  async copy(query: string, signal: AbortSignal, take: (chunk: Buffer) => void): Promise<void> {
    try {
      const stream = this.#client.query(copyTo(`COPY (${query}) TO STDOUT`, { highWaterMark: 1024 * 1024 }));
      for await (const chunk of stream) {
        signal.throwIfAborted();
        take(chunk as Buffer);
      }
    } catch (error) {
      throw explain(error as Error);
    }
  }

  /** The schema that has the pipeline's tables. */
  get schema(): string {
    return this.#schema;
  }

  /** Compares the view of an aggregate with its table. Call it within the snapshot. */
  async viewTotals(spec: Aggregate): Promise<ViewTotals> {
    const { rows } = await this.#client.query<{ missing: string; more: string }>(viewTotalsQuery(this.#schema, spec));
    const [{ missing, more }] = rows as [(typeof rows)[0]];
    return { missing: Number(missing), more: Number(more) };
  }

  /** The rows of a query over the catalog. Call it within the snapshot. @throws the client's error */
  async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>(text, values)).rows;
  }

  /** Runs queries within the snapshot; if PostgreSQL refuses one, the snapshot goes on, and its words are the result. */
  async tryQuery<T>(read: () => Promise<T>): Promise<{ value: T } | { problem: string }> {
    try {
      return { value: await this.withSavepoint(read) };
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
      return { problem: (error as Error).message };
    }
  }

  /** Runs queries within the snapshot, which goes on if PostgreSQL refuses one: without a savepoint it would refuse every later one. @throws as `read` does */
  async withSavepoint<T>(read: () => Promise<T>): Promise<T> {
    await this.#client.query("SAVEPOINT attempt");
    try {
      const value = await read();
      await this.#client.query("RELEASE SAVEPOINT attempt");
      return value;
    } catch (error) {
      if ((error as { code?: string }).code !== undefined) await this.#client.query("ROLLBACK TO SAVEPOINT attempt");
      throw error;
    }
  }

  /** Runs one query that reads. @param query gets a function that names a table with its schema. @throws pg's errors as they are. */
  async select<Row extends object>(
    query: (name: (table: string) => string) => string,
    values: unknown[],
  ): Promise<Row[]> {
    return (
      await this.#client.query<Row>(
        query((table) => this.#name(table)),
        values,
      )
    ).rows;
  }

  #name(table: string): string {
    return `${escapeIdentifier(this.#schema)}.${escapeIdentifier(table)}`;
  }

  /** Ends the session; if it hangs in the middle of a COPY, its connection is closed. */
  async close(): Promise<void> {
    const end = this.#client.end().catch(() => undefined);
    await Promise.race([end, sleep(1000, undefined, { ref: false })]);
  }
}

const LOCK_TIMEOUT = "55P03";
const PASSWORD_ERRORS = new Set(["28P01", "28000"]);
const MISSING_ERRORS = new Set(["42P01", "42703", "3D000"]);

/** https://www.postgresql.org/docs/18/errcodes-appendix.html */
function explain(error: Error & { code?: string }, login?: PostgresLogin): Error {
  // A bug of ours is not PostgreSQL's fault.
  if (
    error instanceof FaultlineError ||
    error instanceof UnreadableError ||
    error instanceof TypeError ||
    error instanceof RangeError ||
    error.name === "AbortError"
  )
    return error;
  const place =
    login === undefined
      ? "PostgreSQL"
      : `PostgreSQL at ${hostsOf(login).map(hostText).join(", ")}, database ${login.database}, user ${login.user}`;
  if (PASSWORD_ERRORS.has(String(error.code)) || /password/i.test(error.message))
    return new FaultlineError("FL_POSTGRES_AUTH", `${place} refuses the login: ${error.message}`, {
      remedy: "give the right --db-user and --db-password (or POSTGRES_USER and POSTGRES_PASSWORD)",
      cause: error,
    });
  if (error.code === LOCK_TIMEOUT)
    return new UnreadableError(
      `another session has kept a table of the pipeline locked for ${LOCK_TIMEOUT_S} s: end its transaction and validate again`,
    );
  if (MISSING_ERRORS.has(String(error.code)))
    return new FaultlineError("FL_SCHEMA_MISSING", `${place}: ${error.message}`, {
      remedy: "create the pipeline's tables: `./faultline schema --pipeline FILE | psql`",
      cause: error,
    });
  return new FaultlineError(
    "FL_POSTGRES_UNREACHABLE",
    `${place} can't be read: ${error.message || String(error.code)}`,
    {
      remedy: "start the stack (`./faultline up`), or give the address with --db-host and --db-port",
      cause: error,
    },
  );
}
