import { expect, test } from "vitest";
import type { Aggregate, Field, FieldType } from "../../contract/pipeline.ts";
import { CopyGroup } from "./copy-group.ts";

const field = (name: string, type: FieldType, scale?: number): Field => ({
  name,
  type,
  nullable: false,
  nulls: 0,
  generate: "now",
  ...(scale === undefined ? {} : { scale }),
});
const fields = [
  field("at", "timestamp"),
  field("name", "text"),
  field("paid", "boolean"),
  field("number", "int"),
  field("price", "decimal", 2),
];
const spec = (change: Partial<Aggregate>): Aggregate => ({ table: "t", groupBy: [], count: "n", sums: {}, ...change });
const FULL = spec({
  window: { field: "at", size: "1m", column: "minute" },
  groupBy: ["name", "paid"],
  sums: { price: "total", number: "numbers" },
});
const MINUTE = Date.UTC(2026, 6, 1, 12);

/** The lines of a table, and their values. */
test.each<[string, Aggregate, string, string[], bigint, bigint[]]>([
  [
    "window, text and boolean",
    FULL,
    "2026-07-01 12:00:00+00\ta\\tb\tt\t3\t10\t1.50\t-7",
    [`${MINUTE}`, "a\tb", "true", "3"],
    10n,
    [150n, -7n],
  ],
  ["false", FULL, "2026-07-01 12:00:00+00\t\tf\t0\t0\t0.00\t0", [`${MINUTE}`, "", "false", "0"], 0n, [0n, 0n]],
  ["a number", spec({ groupBy: ["number"], sums: { price: "total" } }), "-7\t1\t2\t3.00", ["-7", "1"], 2n, [300n]],
  ["nothing but shards", spec({ sums: { price: "total" } }), "1\t2\t-0.05", ["1"], 2n, [-5n]],
  ["no sums", spec({ groupBy: ["paid"] }), "t\t1\t9007199254740993", ["true", "1"], 9007199254740993n, []],
])("a group of %s is read, and is spelled the same", (_name, aggregate, line, keys, count, sums) => {
  const group = new CopyGroup({ fields }, aggregate).show(line);
  expect([group.keys, group.count, group.sums]).toEqual([keys, count, sums]);
  expect(new CopyGroup({ fields }, aggregate).spell({ keys, count, sums })).toBe(line);
});

test("a sum of another scale is the same value", () => {
  const group = new CopyGroup({ fields }, spec({ sums: { price: "total" } }));
  expect([group.show("1\t1\t1.5").sums, group.show("1\t1\t1.500").sums]).toEqual([[150n], [150n]]);
});

test.each<[string, (string | undefined)[], bigint | undefined, (bigint | undefined)[], string]>([
  [
    "infinity\ta\tx\t1\t2\t1.505\tNaN",
    ["infinity", "a", undefined, "1"],
    2n,
    [undefined, undefined],
    "minute=infinity name=a paid=x shard=1 n=2 total=1.505 numbers=NaN",
  ],
  [
    "\\N\t\\N\t\\N\t\\N\t\\N\t\\N\t\\N",
    [undefined, undefined, undefined, undefined],
    undefined,
    [undefined, undefined],
    "minute=null name=null paid=null shard=null n=null total=null numbers=null",
  ],
  [
    "a\\tb",
    ["a\tb", undefined, undefined, undefined],
    undefined,
    [undefined, undefined],
    "minute=a\tb name=null paid=null shard=null n=null total=null numbers=null",
  ],
])(
  "what can't be compared is undefined, and the row is described as it stands: %j",
  (line, keys, count, sums, text) => {
    const group = new CopyGroup({ fields }, FULL).show(line);
    expect([group.keys, group.count, group.sums, group.describe()]).toEqual([keys, count, sums, text]);
  },
);

test("before a line is shown there is no group", () => {
  const group = new CopyGroup({ fields }, spec({ window: { field: "at", size: "1m", column: "minute" } }));
  expect([group.keys, group.count]).toEqual([[undefined, undefined], undefined]);
  expect(group.describe()).toBe("minute=null shard=null n=null");
  expect(new CopyGroup({ fields }, spec({})).describe()).toBe("shard=null n=null");
});
