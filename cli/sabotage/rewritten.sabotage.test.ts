import { afterAll, expect, it } from "vitest";
import { SabotageBench } from "./fixture/bench.ts";

/** Events 0 to 49 of partition 0. */
const change = (by: number): string => `UPDATE payments SET amount_cents = amount_cents + ${by} WHERE event_id < 50`;

const bench = new SabotageBench([]);
afterAll(() => bench[Symbol.asyncDispose]());

/** At the end of the run all is as it should be: only a witness that looked during the run can tell. */
it("rows changed during the run and changed back: rewritten", async () => {
  await bench.up();
  await bench.produceOn(600);
  const rows = () => bench.figure("SELECT count(*) FROM payments");
  await bench.until("rows are stored", 180_000, async () => (await rows()) > 1_000);
  await bench.honest.must(["sql", change(1)]);
  const changed = await rows();
  await bench.until("the run goes on over the change", 120_000, async () => (await rows()) > changed + 6_000);
  await bench.honest.must(["sql", change(-1)]);
  await bench.produce(600, 600);
  // Each of the 50 rows has two more versions than it should: the database's own count of updates.
  const updates = await bench.figure("SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'payments'");
  bench.say(`marker: ${updates} updates of rows that are never updated`);
  expect(updates).toBeGreaterThanOrEqual(100);
  const { verdict, anomalies } = await bench.judge();
  expect(verdict.verdict).toBe("INVALID");
  expect(Object.keys(anomalies)).toContain("rewritten");
});
