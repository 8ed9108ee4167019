import { expect, test } from "vitest";
import { parsePipeline } from "../../contract/pipeline.ts";
import { copyLine } from "../fixture/copy-lines.ts";
import { GroupSums } from "../fixture/sink.ts";
import { AggregateTable } from "./aggregate-table.ts";
import { eventOf } from "./event-values.ts";
import { GroupDifferences } from "./group-differences.ts";
import { computedLines, storeGroup } from "../fixture/stored-lines.ts";

const pipeline = parsePipeline(
  `
version: 1
name: sales
topic: sales
partitions: 20
table: sales
identity: { run: run_id, event: event_id }
fields:
  - { name: at, type: timestamp, generate: now }
  - { name: name, type: text, generate: { words: [1, 2] } }
  - { name: number, type: int, generate: { uniform: [0, 9] } }
  - { name: paid, type: boolean, generate: { chance: 0.5 } }
  - { name: price, type: decimal, precision: 12, scale: 2, nullable: true, generate: { uniform: [0, 9] } }
aggregates:
  - { table: per_minute, window: { field: at, size: 1m, column: minute }, groupBy: [name, paid], count: sales, sums: { price: total, number: numbers } }
  - { table: per_hour, window: { field: at, size: 1h, column: hour }, groupBy: [], count: sales, sums: {} }
  - { table: per_minute_number, window: { field: at, size: 1m, column: minute }, groupBy: [number], count: sales, sums: {} }
  - { table: per_number, groupBy: [number], count: sales, sums: { price: total } }
  - { table: per_name, groupBy: [name], count: sales, sums: {} }
  - { table: per_paid, groupBy: [paid], count: sales, sums: {} }
  - { table: per_both, groupBy: [paid, number], count: sales, sums: { price: total } }
  - { table: per_shard, groupBy: [], count: sales, sums: { price: total } }
`,
  "sales.yaml",
);

type Sale = { at: string; name: string; number: number; paid: boolean; price: string | null };
const SALE: Sale = { at: "2026-07-01T12:00:59.999Z", name: "a", number: 7, paid: true, price: "1.50" };

/** Sales with the number of the shard that counts each. */
const SALES: (Sale & { shard: number })[] = [
  { ...SALE, shard: 1 },
  { ...SALE, shard: 1, price: "-0.75" },
  { ...SALE, shard: 1, at: "2026-07-01T12:02:00.000Z" },
  { ...SALE, shard: 12, price: null },
  { ...SALE, shard: 1, at: "2026-07-01T12:01:00.000Z" },
  { ...SALE, shard: 1, name: 'tab\t "quote" \\ back' },
  { ...SALE, shard: 1, paid: false },
  { ...SALE, shard: 2, paid: false, number: 70 },
  { ...SALE, shard: 1, number: -7 },
  { ...SALE, shard: 12, at: "1969-12-31T23:59:30.000Z" },
  { ...SALE, shard: 0, name: "" },
  { ...SALE, shard: 12 },
];
const eventOfSale = (sale: Sale) =>
  eventOf(pipeline.fields.map(({ name }) => JSON.stringify(sale[name as keyof Sale])));

function tableOf(name: string, sales = SALES) {
  const index = pipeline.aggregates.findIndex(({ table }) => table === name);
  const table = new AggregateTable(pipeline, pipeline.aggregates[index] as (typeof pipeline.aggregates)[0]);
  const simple = new GroupSums(pipeline);
  for (const { shard, ...sale } of sales) {
    table.add(eventOfSale(sale), shard);
    simple.add(sale, shard);
  }
  return { table, rows: (simple.rows()[index] ?? []).map(copyLine) };
}

const COLUMNS = {
  per_minute: ["minute", "name", "paid", "shard", "sales", "total", "numbers"],
  per_hour: ["hour", "shard", "sales"],
  per_minute_number: ["minute", "number", "shard", "sales"],
  per_number: ["number", "shard", "sales", "total"],
  per_name: ["name", "shard", "sales"],
  per_paid: ["paid", "shard", "sales"],
  per_both: ["paid", "number", "shard", "sales", "total"],
  per_shard: ["shard", "sales", "total"],
};

test.each(Object.keys(COLUMNS))("%s is recomputed as the simple way has it, and is right as stored", (name) => {
  const { table, rows } = tableOf(name);
  expect(computedLines(table, pipeline).toSorted()).toEqual(rows.toSorted());
  for (const row of rows) storeGroup(table, pipeline, row);
  const { compared, counts } = table.differences();
  expect([compared, counts.size]).toEqual([rows.length, 0]);
});

test.each(Object.keys(COLUMNS))("%s: every row that is missing, changed or one too many is noticed", (name) => {
  const { rows } = tableOf(name);
  for (const [index, row] of rows.entries()) {
    const found = (lines: readonly string[]) => {
      const { table } = tableOf(name);
      for (const line of lines) storeGroup(table, pipeline, line);
      return [...table.differences().counts];
    };
    expect(found(rows.toSpliced(index, 1))).toEqual([["groups that are not stored", 1]]);
    expect(found([...rows, row])).toEqual([["rows that repeat a group or can't be read", 1]]);
    const texts = row.split("\t");
    const count = COLUMNS[name as keyof typeof COLUMNS].indexOf("sales");
    for (let at = count; at < texts.length; at++) {
      const changed = texts.with(at, `${Number(texts[at]) + 1}`).join("\t");
      expect(found(rows.with(index, changed))).toEqual([["groups with other figures", 1]]);
    }
    const moved = texts.with(count - 1, "19").join("\t");
    expect(found([...rows, moved])).toEqual([["stored groups that the log does not have", 1]]);
  }
});

/** One group of each table, and how the row is told that has another figure, is not stored, or is not in the log. */
test.each<[string, string, string, string]>([
  [
    "per_minute",
    "2026-07-01 12:00:00+00\ta\tt\t1\t1\t1.50\t7",
    "minute=2026-07-01T12:00:00.000Z name=a paid=true shard=1",
    "sales 1, total 1.50, numbers 7",
  ],
  ["per_hour", "2026-07-01 12:00:00+00\t1\t1", "hour=2026-07-01T12:00:00.000Z shard=1", "sales 1"],
  ["per_number", "7\t1\t1\t1.50", "number=7 shard=1", "sales 1, total 1.50"],
  ["per_name", "a\t1\t1", "name=a shard=1", "sales 1"],
  ["per_paid", "t\t1\t1", "paid=true shard=1", "sales 1"],
  ["per_both", "t\t7\t1\t1\t1.50", "paid=true number=7 shard=1", "sales 1, total 1.50"],
  ["per_shard", "1\t1\t1.50", "shard=1", "sales 1, total 1.50"],
])("%s: a group is named by its columns, with its figures", (name, row, place, figures) => {
  const one = [{ ...SALE, shard: 1 }];
  const missing = tableOf(name, one);
  expect(missing.rows).toEqual([row]);
  expect(missing.table.differences().examples).toEqual([
    { cause: "groups that are not stored", text: `${name}: ${place}: stored no row; recomputed ${figures}` },
  ]);
  const phantom = tableOf(name, []).table;
  storeGroup(phantom, pipeline, row);
  expect(phantom.differences().examples).toEqual([
    {
      cause: "stored groups that the log does not have",
      text: `${name}: ${place}: stored ${figures}; recomputed no row`,
    },
  ]);
  const twice = tableOf(name, [...one, ...one]);
  storeGroup(twice.table, pipeline, row);
  const double = twice.table.differences().examples[0]?.text;
  expect(double).toMatch(new RegExp(`^${name}: ${place}: stored ${figures}; recomputed sales 2`));
});

/** Rows that can't be read, of a table in which nothing is stored otherwise. */
test.each<[string, string, string]>([
  [
    "per_minute",
    "2026-07-01 12:00:00+00\ta\tx\t1\t1\t1.50\t7",
    "minute=2026-07-01 12:00:00+00 name=a paid=x shard=1 sales=1 total=1.50 numbers=7",
  ],
  ["per_minute", "\\N\ta\tt\t1\t1\t1.50\t7", "minute=null name=a paid=t shard=1 sales=1 total=1.50 numbers=7"],
  [
    "per_minute",
    "2026-07-01 12:00:00+00\ta\tt\t1\t1\t1.50",
    "minute=2026-07-01 12:00:00+00 name=a paid=t shard=1 sales=1 total=1.50 numbers=null",
  ],
  ["per_name", "\\N\t1\t1", "name=null shard=1 sales=1"],
  ["per_name", "a\t\\N\t1", "name=a shard=null sales=1"],
  ["per_name", "a\t1\t\\N", "name=a shard=1 sales=null"],
  ["per_name", "a\t1\t1.5", "name=a shard=1 sales=1.5"],
  ["per_name", "a\t1", "name=a shard=1 sales=null"],
  ["per_number", "7\t1\t1\tNaN", "number=7 shard=1 sales=1 total=NaN"],
  ["per_number", "7\t1\t1\t1.505", "number=7 shard=1 sales=1 total=1.505"],
])("%s: a row that can't be read is told as it stands: %j", (name, row, shown) => {
  const { table } = tableOf(name, []);
  storeGroup(table, pipeline, row);
  const { compared, examples } = table.differences();
  expect(compared).toBe(1);
  expect(examples).toEqual([{ cause: "rows that repeat a group or can't be read", text: `${name}: ${shown}` }]);
});

test.each<[string, string, string]>([
  ["per_minute", "infinity\ta\tt\t1\t1\t1.50\t7", "minute=infinity name=a paid=true shard=1"],
  [
    "per_minute",
    "2026-07-01 12:00:00.000001+00\ta\tt\t1\t1\t1.50\t7",
    "minute=2026-07-01 12:00:00.000001+00 name=a paid=true shard=1",
  ],
  ["per_name", "2026\t1\t1", "name=2026 shard=1"],
  ["per_number", "07\t1\t1\t1.50", "number=07 shard=1"],
  ["per_number", "7\t01\t1\t1.50", "number=7 shard=01"],
])("%s: a key that the log can't have is a group of its own: %j", (name, row, shown) => {
  const { table } = tableOf(name, []);
  storeGroup(table, pipeline, row);
  expect(table.differences().examples[0]).toMatchObject({
    cause: "stored groups that the log does not have",
    text: expect.stringContaining(`${name}: ${shown}: stored `) as string,
  });
});

test("what is compared and freed adds up, and is forgotten only when asked", () => {
  const { table, rows } = tableOf("per_number");
  for (const row of rows.slice(1)) storeGroup(table, pipeline, row);
  storeGroup(table, pipeline, "no row");
  table.reduce();
  expect(computedLines(table, pipeline)).toEqual([]);
  const expected = [
    ["rows that repeat a group or can't be read", 1],
    ["groups that are not stored", 1],
  ];
  expect([table.reduced.compared, [...table.reduced.counts]]).toEqual([rows.length, expected]);
  // The same shard again: nothing is left of what was counted before.
  for (const shard of [12, 12]) table.add(eventOfSale(SALE), shard);
  expect(computedLines(table, pipeline)).toEqual(["7\t12\t2\t3.00"]);
  storeGroup(table, pipeline, "7\t12\t2\t3.00");
  const { compared, counts, examples } = table.differences();
  expect([compared, [...counts], examples.length]).toEqual([rows.length + 1, expected, 2]);
  table.forget();
  expect(table.differences()).toEqual(new GroupDifferences());
});

test("what another thread has found is added", () => {
  const { table } = tableOf("per_number", []);
  const found = new GroupDifferences();
  found.compared = 5;
  found.add("groups that are not stored", () => "one");
  table.merge(structuredClone(found));
  expect(table.differences()).toEqual(found);
});
