import { Connection, describeConfigsV4 } from "@platformatic/kafka";
import { z } from "zod";
import type { LogRange } from "../read/kafka-log.ts";
import { openAdmin } from "../read/open-admin.ts";
import type { Question } from "../source/question.ts";

/** One partition as the cluster describes it. */
export type PartitionFacts = z.infer<typeof partitionFacts>;
const partitionFacts = z.strictObject({
  partition: z.int(),
  leader: z.int(),
  leaderEpoch: z.int(),
  replicas: z.array(z.int()),
  isr: z.array(z.int()),
});
/** What one broker applies to the topic: setting → value. `problem`: why it does not say. */
export type BrokerSettings = z.infer<typeof brokerSettings>;
const brokerSettings = z.union([
  z.strictObject({ broker: z.int(), values: z.record(z.string(), z.string()) }),
  z.strictObject({ broker: z.int(), problem: z.string() }),
]);
const topicFacts = z.strictObject({
  clusterId: z.string(),
  topicId: z.string(),
  partitions: z.array(partitionFacts),
  settings: z.array(brokerSettings),
});
/** `ranges`: first offset and end of each partition, after the log was read. */
export type KafkaFacts = z.infer<typeof topicFacts> & { ranges: LogRange[] };

/** How the cluster keeps the topic. @param names of settings. @param timeoutMs of a request. */
export function topicQuestion(names: string[], timeoutMs = TIMEOUT_MS): Question<Omit<KafkaFacts, "ranges">> {
  return {
    name: "kafka.topic",
    schema: topicFacts,
    ask: ({ brokers, topic }) => readKafkaFacts(brokers, topic, names, timeoutMs),
  };
}

const CLIENT_ID = "faultline-validation";
const TIMEOUT_MS = 5000;
const TOPIC_RESOURCE = 2;

/**
 * Asks for everything that "acknowledged" rests on. Every broker is asked for the topic's settings, because a setting that the topic does not have
 * itself is the broker's own.
 * @throws the client's error when no broker describes the topic.
 */
async function readKafkaFacts(
  brokers: string[],
  topic: string,
  names: string[],
  timeoutMs: number,
): Promise<Omit<KafkaFacts, "ranges">> {
  const admin = openAdmin(brokers, timeoutMs);
  try {
    const cluster = await admin.metadata({ topics: [topic] });
    const found = cluster.topics.get(topic);
    if (found === undefined) throw new Error(`topic "${topic}" does not exist`);
    const settings = await Promise.all(
      [...cluster.brokers].map(async ([broker, { host, port }]): Promise<BrokerSettings> => {
        try {
          return { broker, values: await topicSettings(host, port, topic, names, timeoutMs) };
        } catch (error) {
          return { broker, problem: (error as Error).message };
        }
      }),
    );
    return {
      clusterId: cluster.id,
      topicId: found.id,
      partitions: found.partitions.map(({ leader, leaderEpoch, replicas, isr }, partition) => ({
        partition,
        leader,
        leaderEpoch,
        replicas,
        isr,
      })),
      settings,
    };
  } finally {
    await admin.close().catch(() => undefined);
  }
}

/** DescribeConfigs, asked of this very broker. */
async function topicSettings(
  host: string,
  port: number,
  topic: string,
  names: string[],
  timeoutMs: number,
): Promise<Record<string, string>> {
  const connection = new Connection(CLIENT_ID, { connectTimeout: timeoutMs, requestTimeout: timeoutMs });
  connection.on("error", () => undefined);
  try {
    await connection.connect(host, port);
    const answer = await describeConfigsV4.api.async(connection, [
      { resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: names },
    ]);
    const configs = answer.results.flatMap((result) => result.configs);
    return Object.fromEntries(configs.map(({ name, value }) => [name, value ?? ""]));
  } finally {
    await connection.close().catch(() => undefined);
  }
}
