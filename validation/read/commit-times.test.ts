import { readFileSync } from "node:fs";
import { type Client, escapeIdentifier } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { TestServer } from "../fixture/postgres.ts";
import { lookUpRows, type QueryRows } from "./commit-times.ts";

const sensors = new URL("../../pipelines/sensors.yaml", import.meta.url);
const pipeline = parsePipeline(readFileSync(sensors, "utf8"), "sensors.yaml");
const { table, identity } = pipeline;
const RUN = 7;

let server: TestServer;
let client: Client;
const query: QueryRows = async <Row extends object>(
  text: (name: (table: string) => string) => string,
  values: unknown[],
) =>
  (
    await client.query<Row>(
      text((name) => `public.${escapeIdentifier(name)}`),
      values,
    )
  ).rows;

async function open(settings: Record<string, string>): Promise<void> {
  server = await TestServer.start(settings);
  client = await server.connect();
  await client.query("SET search_path = pg_catalog");
  const columns = [identity.run, identity.event].map(escapeIdentifier);
  await client.query(
    `CREATE TABLE public.${table} (${columns[0]} integer, ${columns[1]} bigint, PRIMARY KEY (${columns.join(", ")}))`,
  );
}

beforeAll(() => open({ track_commit_timestamp: "on" }), 60_000);
afterAll(async () => {
  await client.end();
  await server.remove();
});

const store = (events: number[], run = RUN) =>
  client.query(`INSERT INTO public.${table} SELECT $1, unnest($2::bigint[])`, [run, events]);

test("finds the first and the last row of each range, with the time of its commit", async () => {
  const beginMs = Date.now();
  await store([10, 11, 12]);
  const betweenMs = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await store([20, 2 ** 40 + 5]);
  await store([15], RUN + 1);
  const endMs = Date.now();
  const rows = await lookUpRows(
    query,
    pipeline,
    RUN,
  )([
    { low: 0, high: 100, pick: "last" },
    { low: 11, high: 100, pick: "first" },
    { low: 13, high: 19, pick: "first" },
    { low: 2 ** 40, high: 2 ** 41 - 1, pick: "last" },
    { low: 20, high: 20, pick: "first" },
  ]);
  expect(rows.map((row) => row?.event)).toEqual([20, 11, undefined, 2 ** 40 + 5, 20]);
  expect(rows[1]?.committedMs).toBeGreaterThanOrEqual(beginMs - 1);
  expect(rows[1]?.committedMs).toBeLessThanOrEqual(betweenMs + 1);
  expect(rows[0]?.committedMs).toBeGreaterThan(betweenMs + 1);
  expect(rows[0]?.committedMs).toBeLessThanOrEqual(endMs + 1);
  expect(rows[3]?.committedMs).toBe(rows[0]?.committedMs);
});

test("many questions take one descent of the index each", async () => {
  await store(Array.from({ length: 20_000 }, (_, index) => 1_000_000 + index));
  const lookUps = Array.from({ length: 5000 }, (_, index) => ({
    low: 1_000_000 + index * 4,
    high: 2_000_000,
    pick: "first" as const,
  }));
  const rows = await lookUpRows(query, pipeline, RUN)(lookUps);
  expect(rows.map((row) => row?.event)).toEqual(lookUps.map(({ low }) => low));
  // As the biggest range would be asked: the plan must not read the table.
  const { rows: plan } = await client.query<{ "QUERY PLAN": string }>(
    `EXPLAIN SELECT event, xmin FROM unnest('{1}'::bigint[]) AS asked(low) CROSS JOIN LATERAL (
       SELECT ${escapeIdentifier(identity.event)} AS event, xmin FROM public.${table}
       WHERE ${escapeIdentifier(identity.run)} = 7 AND ${escapeIdentifier(identity.event)} >= asked.low
       ORDER BY ${escapeIdentifier(identity.run)}, ${escapeIdentifier(identity.event)} LIMIT 1) AS found`,
  );
  expect(plan.map((line) => line["QUERY PLAN"]).join("\n")).toContain("Index Scan");
});

test("says so if PostgreSQL keeps no commit times", async () => {
  await client.end();
  await server.remove();
  await open({});
  await store([1]);
  await expect(lookUpRows(query, pipeline, RUN)([{ low: 0, high: 100, pick: "last" }])).rejects.toThrow(
    /track_commit_timestamp/,
  );
});
