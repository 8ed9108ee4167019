import { FaultlineError } from "../../contract/errors.ts";
import { clusterView, createTopic, type PartitionView } from "./kafka-cluster.ts";

/** Replicas of every partition, and how many must have a record before it is acknowledged. */
export const REPLICATION_FACTOR = 3;
const MIN_INSYNC_REPLICAS = 2;

/**
 * Makes the topic unless it is there.
 * @throws FaultlineError FL_TOPIC_MISMATCH if the topic has another number of partitions; the client's error if no broker answers (try again).
 */
export async function ensureTopic(address: string, name: string, partitions: number): Promise<void> {
  const there = await topicPartitions(address, name);
  if (there.length > 0) {
    if (there.length === partitions) return;
    throw new FaultlineError(
      "FL_TOPIC_MISMATCH",
      `topic ${name} has ${there.length} partitions; the pipeline says ${partitions}`,
      {
        remedy: "set partitions in the pipeline file to that number, or start again: ./faultline down --volumes",
      },
    );
  }
  await createTopic(address, {
    name,
    partitions,
    replicationFactor: REPLICATION_FACTOR,
    configs: {
      "min.insync.replicas": `${MIN_INSYNC_REPLICAS}`,
      "unclean.leader.election.enable": "false",
      "retention.ms": "-1",
      "retention.bytes": "-1",
      "cleanup.policy": "delete",
      // The record's time is the producer's, but never a reason to refuse a record.
      "message.timestamp.type": "CreateTime",
    },
  });
}

/** Whether each partition of the topic has a leader and its full ISR, as every one of these brokers sees it. */
export async function topicIsComplete(addresses: string[], name: string, partitions: number): Promise<boolean> {
  const views = await Promise.all(addresses.map(async (address) => topicPartitions(address, name)));
  return views.every(
    (view) =>
      view.length === partitions && view.every((item) => item.leader >= 0 && item.isr.length === REPLICATION_FACTOR),
  );
}

async function topicPartitions(address: string, name: string): Promise<PartitionView[]> {
  // All topics are asked for: a broker answers the question for one that is missing with an error.
  const view = await clusterView(address);
  return view.partitions.filter((item) => item.topic === name);
}
