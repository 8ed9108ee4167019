import { expect, test } from "vitest";
import { emptyHistories } from "../fixture/histories.ts";
import type { AggregateTable } from "../histories/aggregate-table.ts";
import { aggregateMismatch } from "./aggregates.ts";

const EVENT = { account_id: 7, type: "refund", amount_cents: 50, created_at: "2026-01-01T00:00:59.999Z" };

function withStored(lines: string[]) {
  const histories = emptyHistories();
  histories.aggregates.splice(1);
  const [table] = histories.aggregates as [AggregateTable];
  for (let times = 0; times < 3; times++) table.add(EVENT, 2);
  for (const line of lines) table.storedLine(line);
  return aggregateMismatch.find(histories).flatMap(({ ranges }) => ranges);
}

test("compares count and sums, both ways", () => {
  const place = "payments_per_minute: minute=2026-01-01T00:00:00.000Z type=refund shard=2";
  expect(withStored(["2026-01-01 00:00:00+00\trefund\t2\t3\t150"])).toEqual([]);
  expect(withStored(["2026-01-01 00:00:00+00\trefund\t2\t3\t151"])).toEqual([
    `${place}: stored events 3, amount_cents_total 151; recomputed events 3, amount_cents_total 150`,
  ]);
  expect(withStored([])).toEqual([`${place}: stored no row; recomputed events 3, amount_cents_total 150`]);
  expect(withStored(["2026-01-01 00:00:00+00\trefund\t2\t3\t150", "2026-01-01 00:01:00+00\trefund\t2\t1\t1"])).toHaveLength(1);
});

test("a group that is stored twice, or can't be read, is named; an empty one says nothing wrong", () => {
  const good = "2026-01-01 00:00:00+00\trefund\t2\t3\t150";
  expect(withStored([good, good])).toEqual(["payments_per_minute: minute=2026-01-01 00:00:00+00 type=refund shard=2 events=3 amount_cents_total=150"]);
  expect(withStored([good, "2026-01-01 00:00:00+00\t\\N\t2\tNaN\t1"])).toHaveLength(1);
  expect(withStored([good, "2026-01-01 00:05:00+00\trefund\t2\t0\t0"])).toEqual([]);
});
