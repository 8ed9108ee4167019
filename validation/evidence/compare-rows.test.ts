import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventNumber } from "../../contract/event.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import {
  ROWS_DIGEST_SETTINGS,
  type RowsDigest,
  rowsDigestQuery,
  rowsDigestValues,
} from "../../contract/rows-digest.ts";
import { TestServer } from "../fixture/postgres.ts";
import { PostgresReader } from "../sinks/postgres.ts";
import { compareRows } from "./compare-rows.ts";
import { WitnessSeen } from "../witness/witness-seen.ts";

const pipeline = parsePipeline(
  await readFile(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
const RUN = 7;
const NOBODY = { brokers: [], topic: "", ranges: () => Promise.reject(new Error("not asked")) };
const RANGES = Array.from({ length: 40 }, (_, index) => ({
  partition: index % 2,
  from: Math.floor(index / 2) * 10,
  to: Math.floor(index / 2) * 10 + 10,
}));

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ timezone: "Asia/Tokyo", datestyle: "german", extra_float_digits: "0" });
  await server.sql(await readFile(new URL("../../db/init.sql", import.meta.url), "utf8"));
  for (const partition of [0, 1])
    await server.sql(
      `INSERT INTO payments SELECT ${RUN}, ${eventNumber(partition, 0)} + n, n, 'refund', n, 'EUR', timestamptz '2026-07-01' + n * interval '1 ms', 'a "note"' FROM generate_series(0, 194) AS n`,
    );
});
afterAll(() => server.remove());

async function seenByWitness(): Promise<WitnessSeen> {
  const client = await server.connect();
  await client.query(ROWS_DIGEST_SETTINGS);
  const { rows } = await client.query<RowsDigest>(
    rowsDigestQuery("public.payments", pipeline),
    rowsDigestValues(RUN, RANGES),
  );
  await client.end();
  const seen = new WitnessSeen(pipeline.partitions);
  for (const { place, rows: count, digest } of rows)
    seen.add({ t: "rows", ...(RANGES[place] as (typeof RANGES)[0]), rows: count, digest, at_ms: 1 });
  return seen;
}

async function compared(seen: WitnessSeen, mostRows?: number) {
  const reader = await PostgresReader.connect(server.login);
  try {
    await reader.beginSnapshot();
    await reader.resolve(pipeline);
    return await compareRows(
      (question) => question.ask({ ...NOBODY, postgres: async () => reader }),
      { pipeline, run: RUN, seed: 3 },
      seen,
      new AbortController().signal,
      mostRows,
    );
  } finally {
    await reader.close();
  }
}

/** Ranges that have something else at the end than the witness read. */
function changed(seen: WitnessSeen): string[] {
  return seen.lanes.flatMap(({ rows }) =>
    [...rows].flatMap(([key, { changes }]) => {
      const end = seen.end.rows.get(key);
      return end?.rows === changes[0]?.rows && end?.digest === changes[0]?.digest ? [] : [key];
    }),
  );
}

test("the same rows have the same digest in both sessions, whatever the server's settings are", async () => {
  const seen = await seenByWitness();
  expect(await compared(seen)).toEqual({ compared: 40, all: 40 });
  expect(changed(seen)).toEqual([]);
  expect(seen.end.rows.get("0:190:200")?.rows).toBe(5);
});

test("a column that is added meanwhile changes no row", async () => {
  const seen = await seenByWitness();
  await server.sql("ALTER TABLE payments ADD extra int DEFAULT 7");
  await compared(seen);
  await server.sql("ALTER TABLE payments DROP extra");
  expect(changed(seen)).toEqual([]);
});

test("a column, a row less and a row more are told from each other", async () => {
  const seen = await seenByWitness();
  await server.sql(`UPDATE payments SET note = 'another' WHERE event_id = ${eventNumber(1, 15)};
    DELETE FROM payments WHERE event_id = ${eventNumber(0, 25)};
    INSERT INTO payments SELECT run_id, ${eventNumber(0, 195)}, account_id, type, amount_cents, currency, created_at, note FROM payments WHERE event_id = ${eventNumber(0, 0)}`);
  await compared(seen);
  expect(changed(seen)).toEqual(["0:20:30", "0:190:200", "1:10:20"]);
  expect(seen.end.rows.get("0:20:30")?.rows).toBe(9);
});

test("too many are sampled, the same for the same seed", async () => {
  const [one, other] = [await seenByWitness(), await seenByWitness()];
  const result = await compared(one, 200);
  expect(result.all).toBe(40);
  expect(result.compared).toBeGreaterThan(5);
  expect(result.compared).toBeLessThan(35);
  expect(await compared(other, 200)).toEqual(result);
  expect([...other.end.rows.keys()]).toEqual([...one.end.rows.keys()]);
});
