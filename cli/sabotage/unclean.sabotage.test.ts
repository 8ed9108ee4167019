import { afterAll, expect, it } from "vitest";
import { SabotageBench } from "./fixture/bench.ts";
import { killAndHold, Partition, release } from "./fixture/partition.ts";

const TOPIC_CODE = "platform/protocol/kafka-topic.ts";

const bench = new SabotageBench([
  { file: TOPIC_CODE, find: "MIN_INSYNC_REPLICAS = 2", replace: "MIN_INSYNC_REPLICAS = 1" },
  {
    file: TOPIC_CODE,
    find: '"unclean.leader.election.enable": "false"',
    replace: '"unclean.leader.election.enable": "true"',
  },
]);
afterAll(() => bench[Symbol.asyncDispose]());

it("one replica is enough, and any may lead: lost-kafka", async () => {
  // With ZooKeeper: in KRaft mode the brokers are the quorum, too, and with two of them down nobody takes them out of the in-sync replicas.
  await bench.up("--coordination", "zookeeper");
  await bench.produceOn(600);
  const partition = new Partition(bench, 0);
  await bench.until("events are acknowledged", 120_000, () => partition.acknowledgedEnd() > 300);
  const { leader, followers } = await partition.roles();
  const before = partition.epochs(leader).at(-1)?.epoch ?? -1;
  for (const id of followers) await killAndHold(bench, `kafka-${id}`);
  await bench.until("the leader is the only replica in sync", 120_000, async () => {
    const replicas = await partition.inSync(leader);
    return replicas.length === 1 && replicas[0] === leader;
  });
  const aloneMs = Date.now();
  await bench.until("the leader acknowledges alone", 120_000, () => partition.acknowledgedSince(aloneMs) >= 200);
  await killAndHold(bench, `kafka-${leader}`);
  const acknowledgedEnd = partition.acknowledgedEnd();
  bench.say(`kafka-${leader} is dead, acknowledged up to offset ${acknowledgedEnd}; the others come back`);
  for (const id of followers) await release(bench, `kafka-${id}`);
  let elected = leader;
  await bench.until("a replica that was not in sync is elected", 180_000, async () => {
    elected = (await partition.leader()) ?? leader;
    return elected !== leader && (partition.epochs(elected).at(-1)?.epoch ?? -1) > before;
  });
  const epoch = partition.epochs(elected).find((item) => item.epoch > before);
  bench.say(`marker: epoch ${epoch?.epoch} of kafka-${elected} begins at ${epoch?.start}, below ${acknowledgedEnd}`);
  expect(epoch?.start).toBeLessThan(acknowledgedEnd);
  await release(bench, `kafka-${leader}`);
  await bench.until("all replicas are in sync again", 180_000, async () => partition.allInSync());
  await bench.produce(600, 600);
  const { verdict, anomalies } = await bench.judge();
  expect(verdict.verdict).toBe("INVALID");
  expect(Object.keys(anomalies)).toContain("lost-kafka");
});
