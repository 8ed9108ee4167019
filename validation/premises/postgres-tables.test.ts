import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { catalogOf } from "../fixture/catalog.ts";
import { relationsOf } from "../sinks/relations.ts";
import type { TableRow } from "./postgres-catalog.ts";
import { tablePremises } from "./postgres-tables.ts";

const relations = relationsOf(
  parsePipeline(readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"), "payments.yaml"),
);

/** What is said of one relation if the catalog has it so. */
function told(name: string, change: (row: TableRow) => void = () => undefined): string[] {
  const rows = relations.map(catalogOf);
  change(rows.find((row) => row.name === name) as TableRow);
  return tablePremises(relations, rows)
    .filter((premise) => premise.name.startsWith(`postgres.${name}.`))
    .map(({ verdict, name: full, value }) => `${verdict}: ${full.slice(`postgres.${name}.`.length)} is ${value}`);
}
/** What is said of the change. */
function news(name: string, change: (row: TableRow) => void): string[] {
  const before = told(name);
  return told(name, change).filter((text) => !before.includes(text));
}
const column = (row: TableRow, name: string) => row.columns.find((item) => item.name === name)!;
const index = (name: string, columns: string[]) => ({
  name,
  columns,
  is_usable: true,
  is_immediate: true,
  is_whole: true,
});
const another = { name: "more", not_null: false, is_generated: false, is_identity: false, default: null };
const trigger = { name: "t", table: "payments", enabled: "O", runs: "public.f" };

test("the tables and views as Faultline makes them hold", () => {
  expect(told("payments")).toEqual([
    "holds: persistence is permanent",
    "holds: key is payments_pkey",
    "holds: columns is 8, all compared",
    "holds: triggers is none",
    "recorded: kind is heap",
  ]);
  expect(told("payments_per_minute_total")).toEqual([
    "holds: reads is payments_per_minute",
    expect.stringMatching(/^recorded: definition is sha256 [0-9a-f]{64}$/),
    "holds: triggers is none",
  ]);
});

test("a relation that is gone is unknown", () => {
  expect(tablePremises(relations, []).map(({ verdict, name, value }) => `${verdict}: ${name} is ${value}`)).toEqual(
    relations.map(({ name }) => `unknown: postgres.${name} is missing`),
  );
});

test.each<[string, Partial<TableRow>, string[]]>([
  ["not logged", { persistence: "u" }, ["unknown: persistence is unlogged"]],
  ["temporary", { persistence: "t" }, ["unknown: persistence is temporary"]],
  [
    "partitioned",
    {
      kind: "p",
      partitions: [
        { name: "a", kind: "r", persistence: "p" },
        // A partition that has partitions itself stores no row.
        { name: "b", kind: "p", persistence: "u" },
      ],
    },
    ["recorded: kind is partitioned into a, b"],
  ],
  [
    "partitioned, and a partition is not logged",
    {
      kind: "p",
      partitions: [
        { name: "a", kind: "r", persistence: "u" },
        { name: "b", kind: "r", persistence: "p" },
      ],
    },
    ["unknown: persistence is permanent, but not its partitions a", "recorded: kind is partitioned into a, b"],
  ],
  [
    "partitioned, and a partition is on another server",
    { kind: "p", partitions: [{ name: "far", kind: "f", persistence: "p" }] },
    ["unknown: persistence is permanent, but not its partitions far", "recorded: kind is partitioned into far"],
  ],
  ["a partition itself", { is_partition: true }, ["recorded: kind is heap, itself a partition of another table"]],
  ["a table of another kind", { access_method: "columnar" }, ["recorded: kind is columnar"]],
  ["with row security", { row_security: true }, ["not-proved: row_security is on"]],
  ["referenced", { referenced_by: ["orders", "notes"] }, ["recorded: referenced_by is orders, notes"]],
  ["with rules", { rules: ["r", "s"] }, ["unknown: rules is r, s"]],
])("a table that is %s", (_, change, expected) => {
  expect(news("payments", (row) => Object.assign(row, change))).toEqual(expected);
});

test.each<[string, (row: TableRow) => void, string]>([
  ["there is none", (row) => (row.unique_indexes = []), "unknown: key is none"],
  ["it is not valid", (row) => (row.unique_indexes[0]!.is_usable = false), "payments_pkey, which is not valid"],
  [
    "it is partial",
    (row) => (row.unique_indexes[0]!.is_whole = false),
    "payments_pkey, which is partial or over an expression",
  ],
  ["it is deferrable", (row) => (row.unique_indexes[0]!.is_immediate = false), "payments_pkey, which is deferrable"],
  ["it has fewer columns", (row) => (row.unique_indexes = [index("i", ["event_id"])]), "unknown: key is none"],
  [
    "it has more columns",
    (row) => (row.unique_indexes = [index("i", ["run_id", "event_id", "type"])]),
    "unknown: key is none",
  ],
  [
    "it has other columns",
    (row) => (row.unique_indexes = [index("i", ["run_id", "account_id"])]),
    "unknown: key is none",
  ],
  [
    "a column of it may be null",
    (row) => (column(row, "event_id").not_null = false),
    "unknown: key is payments_pkey, but event_id may be null",
  ],
  [
    "two columns of it may be null",
    (row) => {
      column(row, "run_id").not_null = false;
      column(row, "event_id").not_null = false;
    },
    "unknown: key is payments_pkey, but run_id, event_id may be null",
  ],
])("the key proves nothing if %s", (_, change, value) => {
  const key = news("payments", change).find((text) => text.includes(" key is "));
  expect(key).toMatch(/^unknown: /);
  expect(key).toContain(value);
});

test("any good index over the key's columns will do, in any order", () => {
  expect(news("payments", (row) => (row.unique_indexes = [index("other", ["event_id", "run_id"])]))).toEqual([
    "holds: key is other",
  ]);
  const bad = { ...index("bad", ["run_id", "event_id"]), is_usable: false };
  expect(news("payments", (row) => row.unique_indexes.unshift(bad))).toEqual([]);
});

test.each<[string, (row: TableRow) => void, string[]]>([
  ["more than the pipeline has", (row) => row.columns.push(another), ["unknown: columns is more: more"]],
  [
    "two more",
    (row) => row.columns.push(another, { ...another, name: "note2" }),
    ["unknown: columns is more: more, note2"],
  ],
  ["computed", (row) => (column(row, "currency").is_generated = true), ["unknown: columns is computed: currency"]],
  [
    "made by a sequence",
    (row) => {
      column(row, "currency").is_generated = true;
      column(row, "type").is_identity = true;
    },
    ["unknown: columns is computed: type, currency"],
  ],
  [
    "free to be null",
    (row) => {
      column(row, "type").not_null = false;
      column(row, "currency").not_null = false;
    },
    ["not-proved: columns.not_null is missing for type, currency"],
  ],
  [
    "filled in by default",
    (row) => {
      column(row, "note").default = "'x'::text";
      column(row, "type").default = "'y'::text";
    },
    ["recorded: columns.defaults is type 'y'::text, note 'x'::text"],
  ],
])("columns that are %s", (_, change, expected) => {
  expect(news("payments", change)).toEqual(expected);
});

test.each<[string, (row: TableRow) => void]>([
  ["a column more", (row) => row.columns.push(another)],
  ["a computed column", (row) => (column(row, "currency").is_generated = true)],
])("a table with %s is not told to be compared", (_, change) => {
  expect(told("payments", change).join()).not.toContain("all compared");
});

test("columns that may not be null although the pipeline allows it are named", () => {
  expect(
    news("dead_letters", (row) => {
      column(row, "key").not_null = true;
      column(row, "value").not_null = true;
    }),
  ).toEqual(["not-proved: columns.not_null is added for key, value"]);
});

test.each<[string, (row: TableRow) => void, string]>([
  [
    "checks and foreign keys",
    (row) =>
      row.constraints.push(
        { name: "small", type: "c", definition: "CHECK (amount_cents < 1)" },
        { name: "of", type: "f", definition: "FOREIGN KEY (type) REFERENCES types" },
      ),
    "small CHECK (amount_cents < 1); of FOREIGN KEY (type) REFERENCES types",
  ],
  [
    "another unique index",
    (row) => row.unique_indexes.push(index("one", ["event_id", "type"])),
    "unique one (event_id, type)",
  ],
  [
    "a partial index over the key",
    (row) => row.unique_indexes.push({ ...index("part", ["run_id", "event_id"]), is_whole: false }),
    "unique part (run_id, event_id)",
  ],
])("what could refuse rows is not proved: %s", (_, change, value) => {
  expect(news("payments", change)).toEqual([`not-proved: constraints is ${value}`]);
});

test("a unique constraint is told as its index only", () => {
  const unique = { name: "one", type: "u", definition: "UNIQUE (event_id)" };
  expect(news("payments", (row) => row.constraints.push(unique))).toEqual([]);
});

test.each<[string, TableRow["triggers"], string[]]>([
  ["a trigger", [trigger], ["unknown: triggers is t (public.f)"]],
  [
    "triggers, also for replicas and on a partition",
    [trigger, { ...trigger, name: "r", enabled: "R", table: "payments_1" }],
    ["unknown: triggers is t (public.f), r on payments_1 (public.f)"],
  ],
  [
    "disabled triggers",
    [
      { ...trigger, enabled: "D" },
      { ...trigger, name: "u", enabled: "D" },
    ],
    ["not-proved: triggers is t (public.f), disabled, u (public.f), disabled"],
  ],
])("%s may have made the rows", (_, triggers, expected) => {
  expect(news("payments", (row) => (row.triggers = triggers))).toEqual(expected);
});

test("a table without an active trigger holds, even if it has a disabled one", () => {
  expect(told("payments", (row) => (row.triggers = [{ ...trigger, enabled: "D" }]))).toContain(
    "holds: triggers is none",
  );
});

const VIEW = "payments_per_account_total";
test.each<[string, Partial<TableRow>, string[]]>([
  ["nothing", { view_reads: [] }, ["unknown: reads is none"]],
  ["another table", { view_reads: ["copy"] }, ["unknown: reads is copy"]],
  [
    "a second table",
    { view_reads: ["payments_per_account", "dead_letters"] },
    ["unknown: reads is payments_per_account, dead_letters"],
  ],
])("a view that reads %s", (_, change, expected) => {
  expect(news(VIEW, (row) => Object.assign(row, change))).toEqual(expected);
});

test("a view with other columns, a rule or a trigger", () => {
  expect(news(VIEW, (row) => row.columns.push(another, { ...another, name: "n" }))).toEqual([
    "unknown: columns is more: more, n",
  ]);
  expect(news(VIEW, (row) => (row.rules = ["r"]))).toEqual(["unknown: rules is r"]);
  expect(news(VIEW, (row) => (row.triggers = [{ ...trigger, table: VIEW }]))).toEqual([
    "unknown: triggers is t (public.f)",
  ]);
});

test("another definition of a view has another checksum", () => {
  const sums = [null, "SELECT 1", "SELECT 2"].map((text) => news(VIEW, (row) => (row.view_definition = text)));
  expect(sums.map((told) => told.length)).toEqual([1, 1, 1]);
  expect(sums[2]).not.toEqual(sums[1]);
  expect(sums[0]).toEqual([expect.stringMatching(/ sha256 e3b0c442[0-9a-f]{56}$/)]);
  // SHA-256 of "SELECT 1"
  expect(sums[1]).toEqual([
    "recorded: definition is sha256 e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5",
  ]);
});
