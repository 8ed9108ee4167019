import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { type CatalogRow, relationsOf, resolveSchema } from "./relations.ts";

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
