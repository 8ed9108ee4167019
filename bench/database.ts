import type pg from "pg";
import type { Pipeline } from "../contract/pipeline.ts";
import type { Stack } from "../contract/stack.ts";
import { connectPostgres, loginOf } from "../platform/protocol/postgres-client.ts";

/** A session of the benchmark itself. It waits as long as it takes: all that it asks ends. */
export async function connect(stack: Pick<Stack, "postgres">): Promise<pg.Client> {
  return connectPostgres(loginOf(stack.postgres), { application: "faultline-bench", connectTimeoutMs: 10_000 });
}

/** Names of a pipeline file are identifiers, but may be reserved words. */
export function quote(name: string): string {
  return `"${name}"`;
}

/** Empties every table that a sink writes, and gives each run the same start: no dirty pages, all WAL space to go. */
export async function emptyTables(client: pg.Client, pipeline: Pipeline): Promise<void> {
  const tables = [pipeline.table, ...pipeline.aggregates.map((item) => item.table), "sink_offsets", "dead_letters"];
  await client.query(`TRUNCATE ${tables.map(quote).join(", ")}`);
  await client.query("CHECKPOINT");
}

/** How many rows a table has, and a digest of all of them that does not depend on their order. */
export type Contents = { rows: number; digest: string };

export async function contents(client: pg.Client, table: string): Promise<Contents> {
  const result = await client.query<{ rows: string; digest: string | null }>(
    `SELECT count(*) AS rows, bit_xor(hashtextextended(stored::text, 0))::text AS digest FROM ${quote(table)} AS stored`,
  );
  return { rows: Number(result.rows[0]?.rows), digest: result.rows[0]?.digest ?? "" };
}

/** What sink_offsets says was applied: records, and the rows among them. */
export async function applied(client: pg.Client, pipeline: Pipeline): Promise<{ records: number; rows: number }> {
  const result = await client.query<{ records: string; rows: string }>(
    "SELECT coalesce(sum(next_offset - start_offset), 0) AS records, coalesce(sum(rows), 0) AS rows FROM sink_offsets WHERE target = $1",
    [pipeline.table],
  );
  return { records: Number(result.rows[0]?.records), rows: Number(result.rows[0]?.rows) };
}

/** The generation of the newest job that claimed the table; 0 before the first. */
export async function generation(client: pg.Client, pipeline: Pipeline): Promise<number> {
  const result = await client.query<{ generation: string }>(
    "SELECT coalesce(max(generation), 0) AS generation FROM sink_offsets WHERE target = $1",
    [pipeline.table],
  );
  return Number(result.rows[0]?.generation);
}

/** Mean size of a row in bytes, as COPY writes it (text), over at most 10,000 rows. */
export async function meanRowBytes(client: pg.Client, table: string): Promise<number> {
  const result = await client.query<{ bytes: number }>(
    `SELECT avg(octet_length(stored::text) - 2)::float8 AS bytes FROM (SELECT * FROM ${quote(table)} LIMIT 10000) AS stored`,
  );
  return result.rows[0]?.bytes ?? Number.NaN;
}
