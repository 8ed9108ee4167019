import { Client, type QueryResultRow } from "pg";
import type { HostPort } from "../../contract/postgres-hosts.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { connectPrimary, destroy } from "./connect-primary.ts";

/** Longer than any pause that a sample waits for. Ends connections that would hang forever, for example to a machine that is gone. */
const LIMIT_MS = 15_000;
/** Where another server may be the primary meanwhile, nobody waits so long for one that is paused. */
const LIMIT_OF_SEVERAL_MS = 3_000;

/**
 * One connection that reconnects by itself: after any error it is closed, and the next query opens another, to the server that is the primary
 * then. If there is one server only, a connection attempt stays pending while it is paused, so that its backlog gets one attempt, not one per
 * second.
 */
export class PostgresConnection {
  readonly #login: PostgresLogin;
  readonly #name: string;
  readonly #limitMs: number;
  #client: Client | undefined;
  readonly #connecting = new Set<Client>();
  #closed = false;

  /** @param name application_name, as pg_stat_activity shows it. @param limitMs of connecting, and of each query. */
  constructor(login: PostgresLogin, name: string, limitMs: number = LIMIT_MS) {
    this.#login = login;
    this.#name = name;
    this.#limitMs = login.standbys === undefined ? limitMs : Math.min(limitMs, LIMIT_OF_SEVERAL_MS);
  }

  /** @throws pg's errors: of the connection, of the server, or a timeout. */
  async query<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    const client = this.#client ?? (await this.#connect());
    try {
      return (await client.query<Row>(text, values)).rows;
    } catch (error) {
      this.#drop(client);
      throw error;
    }
  }

  /** Ends the connection; open queries fail. Takes at most half a second, even if the server does not answer. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const client of this.#connecting) destroy(client);
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    // A paused server never answers the goodbye.
    const timer = setTimeout(() => destroy(client), 500);
    await client.end().catch(() => undefined);
    clearTimeout(timer);
  }

  async #connect(): Promise<Client> {
    try {
      const client = await connectPrimary(this.#login, (host, timeoutMs) => this.#make(host, timeoutMs));
      if (this.#closed) {
        this.#drop(client);
        throw new Error("closed");
      }
      this.#client = client;
      return client;
    } finally {
      this.#connecting.clear();
    }
  }

  #make({ host, port }: HostPort, connectionTimeoutMillis = this.#limitMs): Client {
    const { database, user, password } = this.#login;
    const client = new Client({
      host,
      port,
      database,
      user,
      password,
      application_name: this.#name,
      connectionTimeoutMillis,
      query_timeout: this.#limitMs,
      statement_timeout: this.#limitMs,
    });
    // Without a listener, the end of a killed server's connection would end this process.
    client.on("error", () => this.#drop(client));
    this.#connecting.add(client);
    return client;
  }

  #drop(client: Client): void {
    if (this.#client === client) this.#client = undefined;
    client.end().catch(() => undefined);
    destroy(client);
  }
}
