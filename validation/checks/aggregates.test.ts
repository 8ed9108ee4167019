import { expect, test } from "vitest";
import { emptyHistories } from "../fixture/histories.ts";
import { storeGroup } from "../fixture/stored-lines.ts";
import type { Aggregate } from "../../contract/pipeline.ts";
import { AggregateTable } from "../histories/aggregate-table.ts";
import { eventOf } from "../histories/event-values.ts";
import { aggregateMismatch } from "./aggregates.ts";

/** The JSON texts of account_id, type, amount_cents, currency, created_at and note. */
const EVENT = eventOf(["7", '"refund"', "50", '"EUR"', '"2026-01-01T00:00:59.999Z"', '"a note"']);

function withStored(lines: string[]) {
  const histories = emptyHistories();
  histories.aggregates.splice(1);
  const [table] = histories.aggregates as [AggregateTable];
  for (let times = 0; times < 3; times++) table.add(EVENT, 2);
  for (const line of lines) storeGroup(table, histories.pipeline, line);
  return aggregateMismatch.find(histories).flatMap(({ ranges }) => ranges);
}

test("compares count and sums, both ways", () => {
  const place = "payments_per_minute: minute=2026-01-01T00:00:00.000Z type=refund shard=2";
  expect(withStored(["2026-01-01 00:00:00+00\trefund\t2\t3\t150"])).toEqual([]);
  expect(withStored(["2026-01-01 00:00:00+00\trefund\t2\t3\t151"])).toEqual([
    `${place}: stored events 3, amount_cents_total 151; recomputed events 3, amount_cents_total 150`,
  ]);
  expect(withStored([])).toEqual([`${place}: stored no row; recomputed events 3, amount_cents_total 150`]);
  expect(
    withStored(["2026-01-01 00:00:00+00\trefund\t2\t3\t150", "2026-01-01 00:01:00+00\trefund\t2\t1\t1"]),
  ).toHaveLength(1);
});

test("a group that is stored twice, can't be read, or has no events is named", () => {
  const good = "2026-01-01 00:00:00+00\trefund\t2\t3\t150";
  expect(withStored([good, good])).toEqual([
    "payments_per_minute: minute=2026-01-01 00:00:00+00 type=refund shard=2 events=3 amount_cents_total=150",
  ]);
  expect(withStored([good, "2026-01-01 00:00:00+00\t\\N\t2\tNaN\t1"])).toHaveLength(1);
  expect(withStored([good, "2026-01-01 00:05:00+00\trefund\t2\t\\N\t0"])).toHaveLength(1);
  expect(withStored([good, "2026-01-01 00:05:00+00\trefund\t2\t0\t\\N"])).toHaveLength(1);
  expect(withStored([good, "2026-01-01 00:05:00+00\trefund\t2\t0\t0"])).toEqual([
    "payments_per_minute: minute=2026-01-01T00:05:00.000Z type=refund shard=2: stored events 0, amount_cents_total 0; recomputed no row",
  ]);
});

test("another spelling of a key is another group", () => {
  const histories = emptyHistories();
  histories.aggregates.splice(0, 1);
  const [table] = histories.aggregates as [AggregateTable];
  const ranges = (line: string) => {
    table.forget();
    table.add(EVENT, 2);
    storeGroup(table, histories.pipeline, line);
    return aggregateMismatch.find(histories).flatMap((anomaly) => anomaly.ranges);
  };
  expect(ranges("7\t2\t1\t50")).toEqual([]);
  for (const line of ["07\t2\t1\t50", "7.0\t2\t1\t50", "7\t02\t1\t50", "7\t 2\t1\t50"])
    expect(ranges(line)).toHaveLength(2);
});

test("a view that returns other groups than its table", () => {
  const histories = emptyHistories();
  histories.viewDifferences.push({
    text: "payments_per_minute_total: returns 2 groups that are not its table's sums",
    count: 2,
  });
  expect(aggregateMismatch.find(histories)).toMatchObject([{ kind: "aggregate-mismatch", count: 2 }]);
});

test("shards that were reduced count together with those that were not", () => {
  const histories = emptyHistories();
  histories.aggregates.splice(0, 1);
  const [table] = histories.aggregates as [AggregateTable];
  for (const shard of [0, 1, 2]) {
    table.add(EVENT, shard);
    storeGroup(table, histories.pipeline, `7\t${shard}\t1\t${shard === 2 ? 51 : 50}`);
    if (shard === 0) storeGroup(table, histories.pipeline, "8\t0\t1\t50");
    if (shard < 2) table.reduce();
  }
  expect(table.differences().compared).toBe(4);
  expect(aggregateMismatch.find(histories)).toMatchObject([
    { count: 2, detail: "1 stored groups that the log does not have, 1 groups with other figures" },
  ]);
});

test("each sum of a group must be right, also if there are several", () => {
  const histories = emptyHistories();
  const [spec] = histories.pipeline.aggregates as [Aggregate];
  const stored = (line: string) => {
    const sums = { amount_cents: "cents_total", account_id: "ids_total" };
    const table = new AggregateTable(histories.pipeline, { ...spec, sums });
    histories.aggregates = [table];
    for (let times = 0; times < 3; times++) table.add(EVENT, 2);
    storeGroup(table, histories.pipeline, `2026-01-01 00:00:00+00\trefund\t2\t${line}`);
    return aggregateMismatch.find(histories).flatMap(({ ranges }) => ranges);
  };
  expect(stored("3\t150\t21")).toEqual([]);
  for (const line of ["3\t151\t21", "3\t150\t22", "3\t150\t-21", "3\t21\t150", "2\t150\t21"])
    expect(stored(line), line).toHaveLength(1);
});

test("groups that are wrong for one reason are all counted, and named", () => {
  expect(
    withStored([
      "2026-01-01 00:00:00+00\trefund\t2\t3\t150",
      "2026-01-01 00:01:00+00\trefund\t2\t1\t1",
      "2026-01-01 00:02:00+00\trefund\t2\t1\t1",
    ]),
  ).toHaveLength(2);
});

test("groups are not judged if too many unknown events were seen to count them", () => {
  const histories = emptyHistories();
  storeGroup(
    histories.aggregates[0] as AggregateTable,
    histories.pipeline,
    "2026-01-01 00:00:00+00\trefund\t2\t3\t150",
  );
  expect(aggregateMismatch.find(histories)).toMatchObject([{ count: 1 }]);
  histories.strays.overflow = 1;
  expect(aggregateMismatch.find(histories)).toEqual([]);
});
