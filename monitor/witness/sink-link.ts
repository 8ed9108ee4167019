import { Client, escapeIdentifier } from "pg";
import { ROWS_DIGEST_SETTINGS } from "../../contract/rows-digest.ts";
import { ROLE_QUERY, timelineOf } from "../../contract/postgres-primary.ts";
import type { HostPort } from "../../contract/postgres-hosts.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { connectPrimary, destroy } from "../sources/connect-primary.ts";

/** Ends what would hang for ever: a connection to a machine that is gone. */
const LIMIT_MS = 15_000;

/** A session, and how it names the pipeline's tables. `timeline`: of the primary that it is on, which keeps it; undefined: it is on a standby. */
export type SinkSession = { client: Client; name: (table: string) => string; timeline?: number | undefined };

/** One connection that reconnects by itself: after any error it is closed, and the next use opens another, to the server that is the primary then. */
export class SinkLink {
  readonly #login: PostgresLogin;
  readonly #application: string;
  readonly #table: string;
  #session: SinkSession | undefined;
  readonly #connecting = new Set<Client>();
  #isClosed = false;

  /** @param table of the pipeline: in its schema are the others, too. @param application as pg_stat_activity shows it. */
  constructor(login: PostgresLogin, table: string, application: string) {
    this.#login = login;
    this.#table = table;
    this.#application = application;
  }

  /** @throws pg's errors: of the connection, of the server, or a timeout; an Error while the table is not there. */
  async use<T>(work: (session: SinkSession) => Promise<T>): Promise<T> {
    const session = (this.#session ??= await this.#connect());
    try {
      return await work(session);
    } catch (error) {
      this.#drop(session.client);
      throw error;
    }
  }

  /** Everything that `work` reads is of one moment. */
  async snapshot<T>(work: (session: SinkSession) => Promise<T>): Promise<T> {
    return this.use(async (session) => {
      await session.client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const result = await work(session);
      await session.client.query("ROLLBACK");
      return result;
    });
  }

  /** Ends the connection at once; open queries fail. */
  close(): void {
    this.#isClosed = true;
    for (const client of this.#connecting) destroy(client);
    if (this.#session !== undefined) this.#drop(this.#session.client);
  }

  async #connect(): Promise<SinkSession> {
    let client: Client | undefined;
    try {
      client = await connectPrimary(this.#login, (host, timeoutMs) => this.#make(host, timeoutMs));
      const { rows } = await client.query<{ schema: string }>(
        "SELECT relnamespace::regnamespace::text AS schema FROM pg_class WHERE oid = to_regclass($1)",
        [escapeIdentifier(this.#table)],
      );
      const schema = rows[0]?.schema;
      if (schema === undefined) throw new Error(`there is no table ${this.#table}`);
      await client.query(ROWS_DIGEST_SETTINGS);
      const role = await client.query<{ timeline: string | null }>(ROLE_QUERY);
      const timeline = timelineOf({ timeline: role.rows[0]?.timeline ?? null }) || undefined;
      if (this.#isClosed) throw new Error("closed");
      // regnamespace spells the name with quotes where it needs them.
      return { client, name: (table) => `${schema}.${escapeIdentifier(table)}`, timeline };
    } catch (error) {
      if (client !== undefined) destroy(client);
      throw error;
    } finally {
      this.#connecting.clear();
    }
  }

  #make({ host, port }: HostPort, connectionTimeoutMillis = LIMIT_MS): Client {
    const { database, user, password } = this.#login;
    const client = new Client({
      host,
      port,
      database,
      user,
      password,
      application_name: this.#application,
      connectionTimeoutMillis,
      query_timeout: LIMIT_MS,
      statement_timeout: LIMIT_MS,
      keepAlive: true,
    });
    client.on("error", () => this.#drop(client));
    this.#connecting.add(client);
    return client;
  }

  #drop(client: Client): void {
    if (this.#session?.client === client) this.#session = undefined;
    client.end().catch(() => undefined);
    destroy(client);
  }
}
