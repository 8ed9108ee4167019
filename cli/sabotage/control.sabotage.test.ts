import { afterAll, expect, it } from "vitest";
import { SabotageBench } from "./fixture/bench.ts";
import { blackout } from "./fixture/blackout.ts";
import { killAndHold, killOnce, Partition, release } from "./fixture/partition.ts";

const PARTITIONS = 6;
const HIDDEN = 1_200;

/** A copy without an edit. First the control, with the same load and blows: what the other tests find is the sabotage's, not the harness's. */
const bench = new SabotageBench([]);
afterAll(() => bench[Symbol.asyncDispose]());

it("without sabotage, the same blows leave a VALID run", async () => {
  await bench.up();
  await bench.produceOn(600);
  const partition = new Partition(bench, 0);
  await bench.until("events are acknowledged", 120_000, () => partition.acknowledgedEnd() > 300);
  const { acknowledgedEnd, electedEnd, elected } = await blackout(bench, partition, false);
  bench.say(`acknowledged up to ${acknowledgedEnd}; the log of kafka-${elected} ended at ${electedEnd}`);
  expect(electedEnd).toBeGreaterThanOrEqual(acknowledgedEnd);
  await killOnce(bench, "driver");
  await bench.produce(1_200, 600);
  await bench.until("the new driver has stored what there was", 600_000, async () => {
    const ends = Array.from({ length: PARTITIONS }, (_, number) => new Partition(bench, number).acknowledgedEnd());
    const acknowledged = ends.reduce((sum, end) => sum + end, 0);
    return (await bench.figure("SELECT sum(next_offset) FROM sink_offsets")) >= acknowledged;
  });
  const { verdict } = await bench.judge("120s");
  expect(verdict.reasons).toEqual([]);
  expect(verdict.verdict).toBe("VALID");
  expect(verdict.counts.acknowledged).toBeGreaterThan(1_500);
});

it("progress thrown away and set forward while the driver is down: lost-sink and offset-gap", async () => {
  const stored = await bench.figure("SELECT count(*) FROM payments");
  await killAndHold(bench, "driver");
  await bench.produce(HIDDEN, 1_000);
  const ends = Array.from({ length: PARTITIONS }, (_, number) => new Partition(bench, number).acknowledgedEnd());
  const values = ends.map((end, partition) => `('payments', 'payments', ${partition}, ${end}, ${end}, 9)`).join(", ");
  await bench.honest.must(["sql", "DELETE FROM sink_offsets"]);
  await bench.honest.must([
    "sql",
    `INSERT INTO sink_offsets (target, topic, partition, start_offset, next_offset, generation) VALUES ${values}`,
  ]);
  await release(bench, "driver");
  await bench.produce(600, 600);
  const counted = async () => bench.figure("SELECT sum(rows) FROM sink_offsets");
  await bench.until("the sink goes on behind the gap", 180_000, async () => (await counted()) >= 600);
  const rows = await bench.figure("SELECT count(*) FROM payments");
  const first = await bench.figure("SELECT min(start_offset) FROM sink_offsets");
  bench.say(`marker: sink_offsets begins at ${first} or later; ${rows} rows of ${stored + HIDDEN + 600}`);
  expect(first).toBeGreaterThan(0);
  expect(rows).toBe(stored + 600);
  const { verdict, anomalies } = await bench.judge();
  expect(verdict.verdict).toBe("INVALID");
  expect(anomalies["lost-sink"]).toBe(HIDDEN);
  expect(Object.keys(anomalies)).toContain("offset-gap");
});
