import { expect, test } from "vitest";
import type { KafkaFacts } from "./kafka-facts.ts";
import { acksPremise, kafkaPremises } from "./kafka-premises.ts";
import { premiseSentence } from "./premise.ts";

const values = (): Record<string, string> => ({
  "min.insync.replicas": "2",
  "unclean.leader.election.enable": "false",
  "cleanup.policy": "delete",
  "retention.ms": "-1",
  "retention.bytes": "-1",
  "message.timestamp.type": "CreateTime",
});

/** A topic as `up` makes it, on three brokers that say the same. */
function facts(): KafkaFacts {
  return {
    clusterId: "c",
    topicId: "t",
    partitions: [0, 1].map((partition) => ({
      partition,
      leader: partition + 1,
      leaderEpoch: 4,
      replicas: [1, 2, 3],
      isr: [1, 2, 3],
    })),
    settings: [1, 2, 3].map((broker) => ({ broker, values: values() })),
    ranges: [
      { partition: 0, start: 0, end: 10 },
      { partition: 1, start: 0, end: 20 },
    ],
  };
}
const judged = facts().ranges;
const problems = (changed: KafkaFacts, then: Parameters<typeof kafkaPremises>[1] = judged) =>
  kafkaPremises(changed, then)
    .filter(({ verdict }) => verdict === "unknown" || verdict === "not-proved")
    .map((premise) => `${premise.verdict}: ${premiseSentence(premise)}`);
const set = (changed: KafkaFacts, name: string, value: string, brokers = [1, 2, 3]) => {
  for (const item of changed.settings) if ("values" in item && brokers.includes(item.broker)) item.values[name] = value;
};

test("a topic as Faultline makes it holds", () => {
  expect(problems(facts())).toEqual([]);
  const found = kafkaPremises(facts(), judged);
  expect(found.filter(({ verdict }) => verdict === "holds").map(({ name, value }) => `${name} ${value}`)).toEqual([
    "kafka.replicas 1 2 3 for all 2 partitions",
    "kafka.isr 1 2 3 for all 2 partitions",
    "kafka.min.insync.replicas 2",
    "kafka.unclean.leader.election.enable false",
    "kafka.cleanup.policy delete",
    "kafka.retention.ms -1",
    "kafka.retention.bytes -1",
  ]);
  expect(found.filter(({ verdict }) => verdict === "recorded").map(({ name, value }) => `${name} ${value}`)).toEqual([
    "kafka.cluster_id c",
    "kafka.topic_id t",
    "kafka.leader_epochs p0: 1 since epoch 4, p1: 2 since epoch 4",
    "kafka.message.timestamp.type CreateTime",
    "kafka.log_start_offsets 0 for all 2 partitions",
    "kafka.log_end_offsets p0: 10, p1: 20",
  ]);
});

test.each<[string, (changed: KafkaFacts) => void, string]>([
  [
    "one replica",
    (changed) => (changed.partitions[1]!.replicas = [2]),
    "unknown: kafka.replicas is p0: 1 2 3, p1: 2: ",
  ],
  [
    "a replica alone in sync",
    (changed) => (changed.partitions[0]!.isr = [3]),
    "not-proved: kafka.isr is p0: 3, p1: 1 2 3: ",
  ],
  [
    "fewer replicas in sync than the topic wants",
    (changed) => {
      set(changed, "min.insync.replicas", "3");
      changed.partitions[0]!.isr = [3, 1];
    },
    "not-proved: kafka.isr is p0: 3 1, p1: 1 2 3: with fewer than 3 replicas",
  ],
  ["min ISR 1", (changed) => set(changed, "min.insync.replicas", "1"), "unknown: kafka.min.insync.replicas is 1: "],
  [
    "min ISR 1 on one broker",
    (changed) => set(changed, "min.insync.replicas", "1", [2]),
    "unknown: kafka.min.insync.replicas is 2 on broker 1, 1 on broker 2, 2 on broker 3: ",
  ],
  [
    "settings that no broker tells",
    (changed) => (changed.settings = [{ broker: 1, problem: "not authorized" }]),
    "unknown: kafka.min.insync.replicas is not readable on broker 1 (not authorized): ",
  ],
  [
    "unclean election",
    (changed) => set(changed, "unclean.leader.election.enable", "true"),
    "not-proved: kafka.unclean.leader.election.enable is true: ",
  ],
  [
    "unclean election on one broker",
    (changed) => set(changed, "unclean.leader.election.enable", "true", [3]),
    "not-proved: kafka.unclean.leader.election.enable is false on broker 1, false on broker 2, true on broker 3: ",
  ],
  [
    "policies that no broker tells",
    (changed) => (changed.settings = [{ broker: 1, problem: "not authorized" }]),
    "not-proved: kafka.cleanup.policy is not readable on broker 1 (not authorized): ",
  ],
  [
    "compaction",
    (changed) => set(changed, "cleanup.policy", "compact,delete"),
    "not-proved: kafka.cleanup.policy is compact,delete: ",
  ],
  [
    "retention",
    (changed) => set(changed, "retention.ms", "604800000"),
    "not-proved: kafka.retention.ms is 604800000: ",
  ],
  ["retention by size", (changed) => set(changed, "retention.bytes", "1"), "not-proved: kafka.retention.bytes is 1: "],
  [
    "a log cut off while it was read",
    (changed) => (changed.ranges[1]!.end = 19),
    "unknown: kafka.log_end_offsets is p0: 10, p1: 19: Kafka cut or deleted records of partition 1 while",
  ],
  [
    "records deleted while they were read",
    (changed) => (changed.ranges[0]!.start = 3),
    "unknown: kafka.log_end_offsets is p0: 10, p1: 20: Kafka cut or deleted records of partition 0 while",
  ],
  [
    "records that came later",
    (changed) => (changed.ranges[0]!.end = 11),
    "not-proved: kafka.log_end_offsets is p0: 11, p1: 20: records of partition 0 came after",
  ],
])("%s is named", (_name, change, sentence) => {
  const changed = facts();
  change(changed);
  const found = problems(changed);
  expect(
    found.filter((problem) => problem.startsWith(sentence)),
    found.join("\n"),
  ).toHaveLength(1);
});

test("two copies are enough, and so are two in sync", () => {
  const changed = facts();
  for (const partition of changed.partitions)
    [partition.replicas, partition.isr] = [
      [1, 2],
      [2, 1],
    ];
  expect(problems(changed)).toEqual([]);
});

test("with min ISR 1, one replica in sync is still too few", () => {
  const changed = facts();
  set(changed, "min.insync.replicas", "1");
  changed.partitions[0]!.isr = [3];
  expect(problems(changed).some((problem) => problem.startsWith("not-proved: kafka.isr is p0: 3"))).toBe(true);
});

test("a broker that is silent is named beside the others' value", () => {
  const changed = facts();
  changed.settings[2] = { broker: 3, problem: "closed" };
  expect(problems(changed)).toEqual([]);
  expect(kafkaPremises(changed, judged).find(({ name }) => name === "kafka.min.insync.replicas")?.value).toBe(
    "2, not readable on broker 3 (closed)",
  );
});

test("without a log that was read, nothing is said of its change", () => {
  const changed = facts();
  changed.ranges[1]!.end = 0;
  expect(problems(changed, [undefined, undefined])).toEqual([]);
});

test.each<[(number | undefined)[], string]>([
  [[-1], "holds: kafka.acks is all: "],
  [[undefined], "not-proved: kafka.acks is not in the ledger: "],
  [[undefined, -1], "not-proved: kafka.acks is not in the ledger, all: "],
  [[], "not-proved: kafka.acks is none: "],
  [[-1, 1], "unknown: kafka.acks is all, 1: "],
  [[undefined, 0], "unknown: kafka.acks is not in the ledger, 0: "],
  [[2], "unknown: kafka.acks is 2: "],
])("acks %j", (acks, begins) => {
  const premise = acksPremise(new Set(acks));
  expect(`${premise.verdict}: ${premiseSentence(premise)}`.startsWith(begins), premiseSentence(premise)).toBe(true);
});
