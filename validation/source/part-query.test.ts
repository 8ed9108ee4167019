import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventNumber } from "../../contract/event.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { renderSchema } from "../../db/ddl.ts";
import { TestServer } from "../fixture/postgres.ts";
import { partQuery } from "./part-query.ts";
import type { TablePart } from "./run-source.ts";

const file = new URL("../../pipelines/payments.yaml", import.meta.url);
const pipeline = parsePipeline(readFileSync(file, "utf8"), "payments.yaml");
const RUN = 7;
const scope = { schema: "public", pipeline, topic: pipeline.topic, run: RUN };
const LAST = pipeline.partitions - 1;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.sql(renderSchema(pipeline));
  // Whoever spoils a table may have dropped its key, too.
  await server.sql(`
    ALTER TABLE payments DROP CONSTRAINT payments_pkey; ALTER TABLE payments ALTER run_id DROP NOT NULL, ALTER event_id DROP NOT NULL;
    ALTER TABLE payments_per_account DROP CONSTRAINT payments_per_account_pkey; ALTER TABLE payments_per_account ALTER shard DROP NOT NULL`);
}, 60_000);
afterAll(() => server.remove());

async function count(sql: string): Promise<number> {
  const client = await server.connect();
  try {
    return (await client.query(sql)).rows.length;
  } finally {
    await client.end();
  }
}

async function counts(part: (partition: number | "rest") => TablePart): Promise<(number | string)[]> {
  const partitions = [...Array.from({ length: pipeline.partitions }, (_, index) => index), "rest"] as const;
  const found: number[] = [];
  for (const partition of partitions) found.push(await count(partQuery(scope, part(partition))));
  return found;
}

test("each row is in one part, whatever its identity is", async () => {
  const identities = [
    [RUN, eventNumber(0, 0)],
    [RUN, eventNumber(0, 2 ** 40 - 1)],
    [RUN, eventNumber(LAST, 5)],
    [RUN, eventNumber(LAST, 2 ** 40 - 1)],
    [RUN, eventNumber(LAST + 1, 0)],
    [RUN, -1],
    [RUN + 1, eventNumber(0, 0)],
    ["NULL", eventNumber(0, 0)],
    [RUN, "NULL"],
    ["NULL", "NULL"],
  ];
  await server.sql(
    identities
      .map(([run, event]) => `INSERT INTO payments VALUES (${run}, ${event}, 1, 'refund', 1, 'EUR', now(), 'a note')`)
      .join(";"),
  );
  const middle = Array.from({ length: pipeline.partitions - 2 }, () => 0);
  expect(await counts((partition) => ({ of: "rows", partition }))).toEqual([2, ...middle, 2, 6]);
});

test("each group is in one part, whatever its shard is", async () => {
  for (const shard of [0, LAST, LAST + 1, -1, "NULL"])
    await server.sql(
      `INSERT INTO payments_per_account (account_id, shard, payments, amount_cents_total) VALUES (1, ${shard}, 1, 1)`.replace(
        "payments,",
        `${pipeline.aggregates[1]?.count},`,
      ),
    );
  const middle = Array.from({ length: pipeline.partitions - 2 }, () => 0);
  expect(await counts((partition) => ({ of: "groups", aggregate: 1, partition }))).toEqual([1, ...middle, 1, 3]);
});

test("each dead letter is in one part, in the order of offsets", async () => {
  const places = [
    ["payments", "payments", 0, 9],
    ["payments", "payments", 0, 2],
    ["payments", "payments", LAST + 1, 0],
    ["payments", "other", 0, 0],
    ["other", "payments", 0, 0],
  ] as const;
  for (const [target, topic, partition, offset] of places)
    await server.sql(
      `INSERT INTO dead_letters (target, topic, partition, "offset", key, value, reason) VALUES ('${target}', '${topic}', ${partition}, ${offset}, '', '', 'r')`,
    );
  const middle = Array.from({ length: pipeline.partitions - 1 }, () => 0);
  expect(await counts((partition) => ({ of: "letters", partition }))).toEqual([2, ...middle, 3]);
  const client = await server.connect();
  const { rows } = await client.query<{ offset: string }>(partQuery(scope, { of: "letters", partition: 0 }));
  await client.end();
  expect(rows.map(({ offset }) => offset)).toEqual(["2", "9"]);
});
