import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parsePipeline, type Pipeline } from "../contract/pipeline.ts";
import { renderSchema } from "./ddl.ts";

const root = join(import.meta.dirname, "..");
const load = (name: string): Pipeline =>
  parsePipeline(readFileSync(join(root, `pipelines/${name}.yaml`), "utf8"), `${name}.yaml`);

describe("renderSchema", () => {
  it("makes db/init.sql from the default pipeline, byte for byte", () => {
    expect(renderSchema(load("payments"))).toBe(readFileSync(join(root, "db/init.sql"), "utf8"));
  });

  it("knows every field type, nullability, and the sum of a decimal", () => {
    const sql = renderSchema(load("sensors"));
    expect(sql).toContain(`CREATE TABLE IF NOT EXISTS sensor_readings (
  run_no integer NOT NULL,
  reading_id bigint NOT NULL,
  sensor text NOT NULL,
  slot integer NOT NULL,
  measured_at timestamptz NOT NULL,
  celsius double precision,
  volts numeric(12,4) NOT NULL,
  ok boolean,
  calibrated_on date,
  last_seen timestamptz,
  raw bytea,
  labels jsonb,
  PRIMARY KEY (run_no, reading_id)
);`);
    expect(sql).toContain("volts_total numeric NOT NULL");
    expect(sql).toContain("SELECT hour, slot, sum(readings)::bigint AS readings, sum(volts_total) AS volts_total");
  });

  it("quotes reserved words, and an aggregate may have no group", () => {
    const pipeline = parsePipeline(
      `name: odd
topic: odd
partitions: 1
table: user
identity: { run: run, event: end }
fields: [{ name: order, type: int, generate: { uniform: [0, 9] } }]
aggregates: [{ table: everything, count: limit, sums: { order: select } }]`,
      "odd.yaml",
    );
    const sql = renderSchema(pipeline);
    expect(sql).toContain(
      'CREATE TABLE IF NOT EXISTS "user" (\n  run integer NOT NULL,\n  "end" bigint NOT NULL,\n  "order" integer NOT NULL,',
    );
    expect(sql).toContain(
      'SELECT sum("limit")::bigint AS "limit", sum("select") AS "select"\n  FROM everything HAVING count(*) > 0;',
    );
    expect(sql).toContain("  PRIMARY KEY (shard)");
  });

  it("has no aggregate section for a pipeline without aggregates", () => {
    expect(renderSchema({ ...load("payments"), aggregates: [] })).not.toContain("shard");
  });
});
