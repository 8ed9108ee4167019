import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { CATALOG_QUERY, type CatalogRow, relationsOf, resolveSchema } from "./relations.ts";

const pipeline = (name: string) =>
  parsePipeline(readFileSync(new URL(`../../pipelines/${name}.yaml`, import.meta.url), "utf8"), name);
const relations = relationsOf(pipeline("payments"));
const catalog = (): CatalogRow[] =>
  relations.map(({ name, kind, types }) => ({
    schema: "public",
    name,
    kind: kind === "view" ? "v" : "r",
    has_children: false,
    types: { ...types },
  }));
const row = (rows: CatalogRow[], name: string) => rows.find((item) => item.name === name) as CatalogRow;

test("the tables of a pipeline, and what their columns must be", () => {
  expect(resolveSchema(relations, catalog())).toBe("public");
  expect(relations.map(({ name }) => name)).toEqual([
    "payments",
    "sink_offsets",
    "dead_letters",
    "payments_per_minute",
    "payments_per_minute_total",
    "payments_per_account",
    "payments_per_account_total",
  ]);
  expect(row(catalog(), "payments").types).toMatchObject({ run_id: "integer", event_id: "bigint", note: "text" });
  const types = new Set(relationsOf(pipeline("sensors")).flatMap((relation) => Object.values(relation.types)));
  expect(types.values().some((type) => /^numeric\(\d+,\d+\)$/.test(type))).toBe(true);
});

test("all of them may be in any one schema", () => {
  expect(
    resolveSchema(
      relations,
      catalog().map((item) => ({ ...item, schema: "data" })),
    ),
  ).toBe("data");
});

test.each<[string, (rows: CatalogRow[]) => void, string]>([
  [
    "a copy in another schema",
    (rows) => rows.push({ ...row(rows, "payments"), schema: "zz" }),
    '"payments" exists in 2 schemas (public, zz)',
  ],
  [
    "a copy of sink_offsets",
    (rows) => rows.push({ ...row(rows, "sink_offsets"), schema: "a" }),
    '"sink_offsets" exists in 2 schemas',
  ],
  [
    "a copy that is a view",
    (rows) => rows.push({ ...row(rows, "payments"), schema: "a", kind: "v" }),
    '"payments" exists in 2 schemas',
  ],
  [
    "a copy of a view",
    (rows) => rows.push({ ...row(rows, "payments_per_minute_total"), schema: "a" }),
    '"payments_per_minute_total" exists',
  ],
  ["tables in two schemas", (rows) => (row(rows, "dead_letters").schema = "b"), "dead_letters in b"],
  ["a view in place of the table", (rows) => (row(rows, "payments").kind = "v"), '"payments" is no table'],
  ["a foreign table", (rows) => (row(rows, "payments").kind = "f"), '"payments" is no table'],
  ["a table in place of a view", (rows) => (row(rows, "payments_per_minute_total").kind = "r"), "is no view"],
  [
    "a table that inherits from it",
    (rows) => (row(rows, "payments").has_children = true),
    'other tables inherit from "payments"',
  ],
  [
    "another type",
    (rows) => (row(rows, "payments").types["event_id"] = "numeric"),
    "payments.event_id is numeric, not bigint",
  ],
  [
    "another type of offsets",
    (rows) => (row(rows, "sink_offsets").types["rows"] = "text"),
    "sink_offsets.rows is text, not bigint",
  ],
])("%s can't be judged", (_name, change, problem) => {
  const rows = catalog();
  change(rows);
  expect(() => resolveSchema(relations, rows)).toThrow(
    expect.objectContaining({ name: "UnreadableError", message: expect.stringContaining(problem) }),
  );
});

test("a table that is missing is named", () => {
  expect(() => resolveSchema(relations, catalog().slice(2))).toThrow(
    expect.objectContaining({
      code: "FL_SCHEMA_MISSING",
      message: 'PostgreSQL has no table "payments", no table "sink_offsets"',
    }),
  );
});

test.each([
  ["int", "integer"],
  ["bigint", "bigint"],
  ["float", "double precision"],
  ["boolean", "boolean"],
  ["text", "text"],
  ["timestamp", "timestamp with time zone"],
  ["date", "date"],
  ["binary", "bytea"],
  ["json", "jsonb"],
] as const)("a field %s is a column %s", (type, column) => {
  const base = pipeline("payments");
  const changed = { ...base, fields: [...base.fields, { ...base.fields[0]!, name: "odd", type }] };
  expect(relationsOf(changed)[0]?.types["odd"]).toBe(column);
});

test("each table with its columns, its key, and what may be null", () => {
  const [table, offsets, letters, sums, totals] = relationsOf(pipeline("sensors"));
  expect(table).toEqual({
    name: "sensor_readings",
    kind: "table",
    types: {
      run_no: "integer",
      reading_id: "bigint",
      sensor: "text",
      slot: "integer",
      measured_at: "timestamp with time zone",
      celsius: "double precision",
      volts: "numeric(12,4)",
      ok: "boolean",
      calibrated_on: "date",
      last_seen: "timestamp with time zone",
      raw: "bytea",
      labels: "jsonb",
    },
    key: ["run_no", "reading_id"],
    nullable: ["celsius", "ok", "calibrated_on", "last_seen", "raw", "labels"],
  });
  expect(offsets).toEqual({
    name: "sink_offsets",
    kind: "table",
    types: {
      target: "text",
      topic: "text",
      partition: "integer",
      start_offset: "bigint",
      next_offset: "bigint",
      generation: "bigint",
      writer_pid: "integer",
      rows: "bigint",
      duplicates: "bigint",
      dead_letters: "bigint",
      updated_at: "timestamp with time zone",
      holder: "text",
      cluster_id: "text",
      topic_id: "text",
    },
    key: ["target", "topic", "partition"],
    nullable: ["writer_pid", "holder", "cluster_id", "topic_id"],
    random: ["holder", "cluster_id", "topic_id"],
  });
  expect(letters).toEqual({
    name: "dead_letters",
    kind: "table",
    types: {
      target: "text",
      topic: "text",
      partition: "integer",
      offset: "bigint",
      key: "bytea",
      value: "bytea",
      reason: "text",
      created_at: "timestamp with time zone",
    },
    key: ["target", "topic", "partition", "offset"],
    nullable: ["key", "value"],
  });
  const types = { hour: "timestamp with time zone", slot: "integer", readings: "bigint", volts_total: "numeric" };
  expect(sums).toEqual({
    name: "sensor_volts_per_hour",
    kind: "table",
    types: { ...types, shard: "integer" },
    key: ["hour", "slot", "shard"],
    nullable: [],
  });
  expect(totals).toEqual({ name: "sensor_volts_per_hour_total", kind: "view", types, key: [], nullable: [] });
});

test("a sum of whole numbers is a bigint, and an aggregate without a window has no column for it", () => {
  const perAccount = relations.find(({ name }) => name === "payments_per_account");
  expect(perAccount?.types).toEqual({
    account_id: "bigint",
    shard: "integer",
    events: "bigint",
    amount_cents_total: "bigint",
  });
  expect(perAccount?.key).toEqual(["account_id", "shard"]);
});

test("all that is wrong is told at once", () => {
  const rows = catalog();
  row(rows, "payments").types["event_id"] = "numeric";
  row(rows, "payments_per_minute_total").kind = "r";
  row(rows, "dead_letters").schema = "b";
  expect(() => resolveSchema(relations, rows)).toThrow(
    expect.objectContaining({
      message:
        'payments.event_id is numeric, not bigint, so its values can\'t be compared exactly; "payments_per_minute_total" is no view',
    }),
  );
});

test("tables in several schemas are told with their names", () => {
  const rows = catalog();
  for (const name of ["dead_letters", "sink_offsets"]) row(rows, name).schema = "b";
  expect(() => resolveSchema(relations, rows)).toThrow(
    /: payments, payments_per_minute, .* in public; sink_offsets, dead_letters in b$/,
  );
});

test("a partitioned table is a table; a column that is missing is not of another type", () => {
  const rows = catalog();
  row(rows, "payments").kind = "p";
  delete row(rows, "payments").types["note"];
  expect(resolveSchema(relations, rows)).toBe("public");
});

test("a view is not compared by its columns' types", () => {
  const rows = catalog();
  row(rows, "payments_per_minute_total").types["events"] = "numeric";
  expect(resolveSchema(relations, rows)).toBe("public");
});

test("views and tables that are missing are told apart", () => {
  const rows = catalog().filter(({ name }) => !name.startsWith("payments_per_account"));
  expect(() => resolveSchema(relations, rows)).toThrow(
    'PostgreSQL has no table "payments_per_account", no view "payments_per_account_total"',
  );
});

test("the catalog is asked for tables and views of every schema but PostgreSQL's own", () => {
  expect(CATALOG_QUERY).toContain("c.relname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')");
  expect(CATALOG_QUERY).toContain("n.nspname !~ '^pg_'");
});
