import { Admin, ConfigResourceTypes, type ClusterMetadata } from "@platformatic/kafka";
import { FaultlineError } from "../contract/errors.ts";
import { waitUntil } from "../machine/clock.ts";
import { CLIENT_SETTINGS } from "./client-settings.ts";
import { LaneProducer } from "./lane-producer.ts";

type PartitionState = { partition: number; leader: number; isr: number; replicas: number };
type TopicState =
  | { kind: "unreachable"; why: string }
  | { kind: "missing" }
  | { kind: "known"; partitions: PartitionState[] };

export type TopicDemand = {
  brokers: string[];
  topic: string;
  partitions: number;
  /** Wait for every replica to be in sync, not only for a leader. True before a run's first event, never during faults. */
  fullIsr: boolean;
  timeoutMs: number;
};

const POLL_MS = 250;
/** A broker that has just started answers "unknown topic" until it has read the metadata log. */
const MISSING_PATIENCE_MS = 5_000;
/** Kafka's default of max.message.bytes: 1 MiB and the batch's 12 bytes of offset and length. */
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

/**
 * Waits until the topic can take events, or the signal aborts.
 * @param onProgress gets the reason for the wait, as a sentence.
 * @throws FaultlineError FL_TOPIC_MISSING, FL_TOPIC_MISMATCH, FL_NOT_READY (says which partitions), FL_KAFKA_UNREACHABLE.
 */
export async function waitForTopic(
  demand: TopicDemand,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const client = new LaneProducer({ brokers: demand.brokers, clientId: "faultline-producer-readiness", partition: 0 });
  let missingSinceMs: number | undefined;
  let obstacle: FaultlineError | undefined;
  const look = async (): Promise<boolean> => {
    const state = await describeTopic(client, demand.topic);
    missingSinceMs = state.kind === "missing" ? (missingSinceMs ?? performance.now()) : undefined;
    obstacle = obstacleOf(state, demand);
    if (obstacle === undefined) return true;
    if (performance.now() - (missingSinceMs ?? Infinity) >= MISSING_PATIENCE_MS) throw obstacle;
    onProgress(obstacle.message);
    return false;
  };
  try {
    const isReady = await waitUntil(demand.timeoutMs, look, { everyMs: POLL_MS, signal });
    if (!isReady && !signal.aborted && obstacle !== undefined) throw obstacle;
  } finally {
    await client.close().catch(() => {});
  }
}

/** @returns max.message.bytes of the topic, the limit for one record batch; Kafka's default if no broker answers. */
export async function maxMessageBytes(brokers: string[], topic: string): Promise<number> {
  const admin = new Admin({
    ...CLIENT_SETTINGS,
    retries: 3,
    retryDelay: 200,
    clientId: "faultline-producer-config",
    bootstrapBrokers: brokers,
  });
  try {
    const [found] = await admin.describeConfigs({
      resources: [
        { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: ["max.message.bytes"] },
      ],
    });
    const value = Number(found?.configs.find((config) => config.name === "max.message.bytes")?.value);
    return Number.isSafeInteger(value) && value > 0 ? value : DEFAULT_MAX_MESSAGE_BYTES;
  } catch {
    return DEFAULT_MAX_MESSAGE_BYTES;
  } finally {
    await admin.close().catch(() => {});
  }
}

function obstacleOf(state: TopicState, demand: TopicDemand): FaultlineError | undefined {
  const { topic, partitions, brokers } = demand;
  if (state.kind === "unreachable")
    return new FaultlineError("FL_KAFKA_UNREACHABLE", `no broker of ${brokers.join(",")} answers: ${state.why}`, {
      remedy: "start the brokers, or correct --brokers",
    });
  if (state.kind === "missing")
    return new FaultlineError("FL_TOPIC_MISSING", `topic "${topic}" does not exist`, {
      remedy: `create it with ${partitions} partitions, replication factor 3 and min.insync.replicas=2`,
    });
  if (state.partitions.length !== partitions)
    throw new FaultlineError(
      "FL_TOPIC_MISMATCH",
      `topic "${topic}" has ${state.partitions.length} partitions, but the pipeline file has ${partitions}`,
      {
        remedy: "delete and create the topic, or correct `partitions` in the pipeline file and start a new run",
      },
    );
  const leaderless = state.partitions.filter((item) => item.leader < 0);
  const behind = demand.fullIsr ? state.partitions.filter((item) => item.leader >= 0 && item.isr < item.replicas) : [];
  if (leaderless.length + behind.length === 0) return undefined;
  const parts = [
    ...leaderless.map((item) => `partition ${item.partition} has no leader`),
    ...behind.map((item) => `partition ${item.partition} has ${item.isr} of ${item.replicas} replicas in sync`),
  ];
  return new FaultlineError("FL_NOT_READY", `topic "${topic}" is not ready: ${parts.join("; ")}`, {
    remedy: "start all brokers and wait until they are in sync",
  });
}

async function describeTopic(client: LaneProducer, topic: string): Promise<TopicState> {
  try {
    const metadata: ClusterMetadata = await client.metadata({ topics: [topic], forceUpdate: true, retries: 0 });
    const found = metadata.topics.get(topic);
    if (found === undefined) return { kind: "missing" };
    const partitions = found.partitions.map((item, partition) => ({
      partition,
      leader: item.leader,
      isr: item.isr.length,
      replicas: item.replicas.length,
    }));
    return { kind: "known", partitions };
  } catch (error) {
    // The client turns an unknown topic into a UserError of its own, and a partition without leader into an error that has the answer in it.
    if ((error as { code?: string }).code === "PLT_KFK_USER") return { kind: "missing" };
    const answered = partitionsInError(error);
    if (answered !== undefined) return { kind: "known", partitions: answered };
    return { kind: "unreachable", why: describeError(error) };
  }
}

type MetadataAnswer = {
  topics?: { partitions: { partitionIndex: number; leaderId: number; isrNodes: number[]; replicaNodes: number[] }[] }[];
};

function partitionsInError(error: unknown): PartitionState[] | undefined {
  const partitions = (error as { response?: MetadataAnswer }).response?.topics?.[0]?.partitions;
  if (partitions === undefined || partitions.length === 0) return undefined;
  return partitions
    .map((item) => ({
      partition: item.partitionIndex,
      leader: item.leaderId,
      isr: item.isrNodes.length,
      replicas: item.replicaNodes.length,
    }))
    .toSorted((a, b) => a.partition - b.partition);
}

function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeError(error.errors.at(-1));
  return error instanceof Error ? error.message : String(error);
}
