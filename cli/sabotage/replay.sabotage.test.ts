import { afterAll, expect, it } from "vitest";
import { SabotageBench } from "./fixture/bench.ts";
import { killOnce } from "./fixture/partition.ts";

const JAVA = "spark-app/faultline-postgres/src/main/java/dev/faultline/postgres";

/** After each start the job reads from the beginning, and the sink takes every record for a new one. */
const bench = new SabotageBench([
  {
    file: "spark-app/job/src/main/java/dev/faultline/job/StreamQuery.java",
    find: "claim.startingOffsetsJson()",
    replace: '"earliest"',
  },
  {
    file: `${JAVA}/PartitionWriter.java`,
    find: "if (offset >= applied || buffer.count() > 0) {",
    replace: "if (offset >= 0) {",
  },
  {
    file: `${JAVA}/SinkSession.java`,
    find: "AND generation = ? AND next_offset = ?",
    replace: "AND generation = ? AND ? >= 0",
  },
]);
afterAll(() => bench[Symbol.asyncDispose]());

it("a sink that ignores offsets on replay, on a table without a key: duplicate-sink and aggregate-mismatch", async () => {
  await bench.up();
  // With the key the database would refuse the rows, and only counters would be wrong.
  await bench.honest.must(["sql", "ALTER TABLE payments DROP CONSTRAINT payments_pkey"]);
  await bench.produceOn(600);
  const rows = async () => bench.figure("SELECT count(*) FROM payments");
  await bench.until("rows are stored", 180_000, async () => (await rows()) > 1_000);
  const before = await rows();
  await killOnce(bench, "driver");
  bench.say(`the driver is killed in mid-stream, after ${before} rows`);
  await bench.until(
    "the driver has replayed",
    300_000,
    async () => (await bench.figure("SELECT count(*) - count(DISTINCT event_id) FROM payments")) >= before,
  );
  await bench.produce(600, 600);
  const twice = await bench.figure("SELECT count(*) - count(DISTINCT event_id) FROM payments");
  bench.say(`marker: ${twice} rows too many`);
  expect(twice).toBeGreaterThan(0);
  const { verdict, anomalies } = await bench.judge();
  expect(verdict.verdict).toBe("INVALID");
  expect(Object.keys(anomalies)).toEqual(expect.arrayContaining(["duplicate-sink", "aggregate-mismatch"]));
});
