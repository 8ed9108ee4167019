import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { TestServer } from "../fixture/postgres.ts";
import { Sources } from "./sources.ts";

const at = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const pipeline = parsePipeline(at("pipelines/payments.yaml"), "payments.yaml");

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  await server.sql(at("db/init.sql"));
  await server.sql(`INSERT INTO payments VALUES (1, 0, 0, 'transfer', 1, 'EUR', now(), '')`);
}, 60_000);
afterAll(() => server.remove());

test("a server that keeps no commit times says so, and the snapshot goes on", async () => {
  const sources = new Sources(
    { brokers: ["127.0.0.1:9"], postgres: server.login, quietTimeoutMs: 1_000 },
    { topic: "payments", pipeline, run: 1 },
  );
  try {
    await sources.beginSnapshot();
    const lookUp = await sources.lookUpRows();
    await expect(lookUp([{ low: 0, high: 9, pick: "first" }])).rejects.toThrow(/track_commit_timestamp/);
    const rows = await (await sources.postgres()).select((name) => `SELECT event_id FROM ${name("payments")}`, []);
    expect(rows).toEqual([{ event_id: "0" }]);
  } finally {
    await sources.close();
  }
});
