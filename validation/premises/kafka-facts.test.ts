import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeKafka } from "../fixture/fake-kafka.ts";
import { topicQuestion } from "./kafka-facts.ts";

let kafka: FakeKafka;
beforeEach(async () => {
  kafka = await FakeKafka.start([1, 2]);
  kafka.partitions = [
    { leader: 2, replicas: [2, 1], isr: [2], start: 0, end: 9 },
    { leader: 1, replicas: [1, 2], isr: [1, 2], start: 0, end: 9 },
  ];
  kafka.settings.set(1, { "min.insync.replicas": "2", "retention.ms": null, "cleanup.policy": "delete" });
  kafka.settings.set(2, { "min.insync.replicas": "1" });
});
afterEach(() => kafka.stop());

async function facts(topic = kafka.topic, timeoutMs?: number) {
  const question = topicQuestion(["min.insync.replicas", "retention.ms"], timeoutMs);
  expect(question.name).toBe("kafka.topic");
  const nobody = { postgres: () => Promise.reject(new Error("not asked")), ranges: async () => [] };
  return question.schema.parse(await question.ask({ brokers: kafka.addresses, topic, ...nobody }));
}

test("who keeps the copies of each partition, and what each broker applies to the topic", async () => {
  expect(await facts()).toEqual({
    clusterId: "cluster",
    topicId: "00000000-0000-4000-8000-000000000001",
    partitions: [
      { partition: 0, leader: 2, leaderEpoch: 4, replicas: [2, 1], isr: [2] },
      { partition: 1, leader: 1, leaderEpoch: 4, replicas: [1, 2], isr: [1, 2] },
    ],
    settings: [
      { broker: 1, values: { "min.insync.replicas": "2", "retention.ms": "" } },
      { broker: 2, values: { "min.insync.replicas": "1" } },
    ],
  });
});

test("a broker that does not say is named with its reason, and the other one's word counts", async () => {
  kafka.settings.delete(2);
  const { settings } = await facts();
  expect(settings).toEqual([
    { broker: 1, values: { "min.insync.replicas": "2", "retention.ms": "" } },
    { broker: 2, problem: expect.stringMatching(/./) },
  ]);
});

test("no connection stays open", async () => {
  await facts();
  expect(await kafka.isLeft()).toBe(true);
});

test("a topic that is not there is an error", async () => {
  await expect(facts("another")).rejects.toThrow('topic "another" does not exist');
});

test("a broker that takes the question and is silent is not waited for forever", async () => {
  kafka.settings.set(2, "silent");
  const { settings } = await facts(kafka.topic, 100);
  expect(settings[1]).toEqual({ broker: 2, problem: expect.stringMatching(/./) });
});

test("the brokers see who asks", async () => {
  await facts();
  expect([...kafka.clients]).toEqual(["faultline-validation"]);
});
