import { Client, type QueryResultRow } from "pg";
import type { PostgresLogin } from "../../contract/stack.ts";

/** Longer than any pause that a sample waits for. Ends connections that would hang forever, for example to a machine that is gone. */
const LIMIT_MS = 15_000;

/**
 * One connection that reconnects by itself: after any error it is closed, and the next query opens another. A connection attempt to a paused
 * server stays pending until the server resumes, so that its backlog gets one attempt, not one per second.
 */
export class PostgresConnection {
  readonly #login: PostgresLogin;
  readonly #name: string;
  readonly #limitMs: number;
  #client: Client | undefined;
  #connecting: Client | undefined;
  #closed = false;

  /** @param name application_name, as pg_stat_activity shows it. @param limitMs of connecting, and of each query. */
  constructor(login: PostgresLogin, name: string, limitMs: number = LIMIT_MS) {
    this.#login = login;
    this.#name = name;
    this.#limitMs = limitMs;
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
    if (this.#connecting !== undefined) streamOf(this.#connecting).destroy();
    const client = this.#client;
    this.#client = undefined;
    if (client === undefined) return;
    // A paused server never answers the goodbye.
    const stream = streamOf(client);
    const timer = setTimeout(() => stream.destroy(), 500);
    await client.end().catch(() => undefined);
    clearTimeout(timer);
  }

  async #connect(): Promise<Client> {
    const { host, port, database, user, password } = this.#login;
    const client = new Client({
      host,
      port,
      database,
      user,
      password,
      application_name: this.#name,
      connectionTimeoutMillis: this.#limitMs,
      query_timeout: this.#limitMs,
      statement_timeout: this.#limitMs,
    });
    // Without a listener, the end of a killed server's connection would end this process.
    client.on("error", () => this.#drop(client));
    this.#connecting = client;
    try {
      await client.connect();
    } catch (error) {
      streamOf(client).destroy();
      throw error;
    } finally {
      this.#connecting = undefined;
    }
    if (this.#closed) {
      this.#drop(client);
      throw new Error("closed");
    }
    this.#client = client;
    return client;
  }

  #drop(client: Client): void {
    if (this.#client === client) this.#client = undefined;
    client.end().catch(() => undefined);
    streamOf(client).destroy();
  }
}

/** pg's types leave out the socket, which is the only way to end a connection whose server does not answer. */
function streamOf(client: Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
}
