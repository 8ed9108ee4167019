import { afterAll, expect, it } from "vitest";
import { SabotageBench } from "./fixture/bench.ts";
import { blackout } from "./fixture/blackout.ts";
import { Partition } from "./fixture/partition.ts";
import { ACKS_OF_THE_LEADER } from "./fixture/producer-edits.ts";

const bench = new SabotageBench(ACKS_OF_THE_LEADER);
afterAll(() => bench[Symbol.asyncDispose]());

it("a producer with acks=1, and the leader lost: lost-kafka", async () => {
  await bench.up();
  await bench.produceOn(600);
  const partition = new Partition(bench, 0);
  await bench.until("events are acknowledged", 120_000, () => partition.acknowledgedEnd() > 300);
  const { acknowledgedEnd, electedEnd, elected } = await blackout(bench, partition, true);
  bench.say(`marker: acknowledged up to ${acknowledgedEnd}, but the log of kafka-${elected} ended at ${electedEnd}`);
  expect(electedEnd).toBeLessThan(acknowledgedEnd);
  await bench.produce(600, 600);
  const { verdict, anomalies } = await bench.judge();
  expect(verdict.verdict).toBe("INVALID");
  expect(Object.keys(anomalies)).toContain("lost-kafka");
});
