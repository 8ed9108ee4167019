import { apiVersionsV3, Connection, createTopicsV7, describeQuorumV2, metadataV12 } from "@platformatic/kafka";
import type { Socket } from "node:net";

/** One partition as one broker's metadata has it. */
export type PartitionView = {
  topic: string;
  partition: number;
  leader: number;
  leaderEpoch: number;
  replicas: number[];
  isr: number[];
};
/** The cluster as one broker sees it. */
export type ClusterView = { brokers: number[]; clusterId: string; partitions: PartitionView[] };

const QUESTION_TIMEOUT_MS = 2_000;

/** Opens a connection to one broker, asks, closes. @throws the client's errors; an error of its own when the broker does not answer in time. */
async function ask<T>(
  address: string,
  question: (connection: Connection) => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  const [host, port] = address.split(":") as [string, string];
  const connection = new Connection("faultline-platform", { connectTimeout: timeoutMs, requestTimeout: timeoutMs });
  connection.on("error", () => {});
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${address} did not answer within ${timeoutMs} ms`)), timeoutMs);
  tooLate.catch(() => {});
  try {
    await Promise.race([connection.connect(host, Number(port)) as Promise<void>, tooLate]);
    return await Promise.race([question(connection), tooLate]);
  } finally {
    clearTimeout(timer);
    // close() waits for answers that a paused broker will never give.
    (connection.socket as Socket | undefined)?.destroy();
    connection.close().catch(() => {});
  }
}

/** Asks this very broker for its metadata. @param topics undefined: all. */
export async function clusterView(
  address: string,
  topics?: string[],
  timeoutMs: number = QUESTION_TIMEOUT_MS,
): Promise<ClusterView> {
  const answer = await ask(
    address,
    async (connection) => metadataV12.api.async(connection, topics ?? null, false, false),
    timeoutMs,
  );
  return {
    brokers: answer.brokers.map((broker) => broker.nodeId),
    clusterId: answer.clusterId ?? "",
    partitions: answer.topics.flatMap((topic) =>
      topic.errorCode !== 0
        ? []
        : topic.partitions.map((item) => ({
            topic: topic.name ?? "",
            partition: item.partitionIndex,
            leader: item.leaderId,
            leaderEpoch: item.leaderEpoch,
            replicas: item.replicaNodes,
            isr: item.isrNodes,
          })),
    ),
  };
}

/** DescribeQuorum: a broker that is coordinated by ZooKeeper does not list it, and closes the connection when asked. */
const DESCRIBE_QUORUM = 55;

/**
 * The active controller's node id; undefined when nobody is it now.
 * KRaft: by DescribeQuorum, the leader of `__cluster_metadata`. (Metadata and DescribeCluster name a random broker there: KIP-595, KIP-700.)
 * ZooKeeper: by the broker's metadata. It is the last that a controller told this broker: until the next controller is elected, the dead one.
 */
export async function activeController(
  address: string,
  timeoutMs: number = QUESTION_TIMEOUT_MS,
): Promise<number | undefined> {
  const controller = await ask(
    address,
    async (connection) => {
      if (await hasQuorum(connection)) return quorumLeader(connection);
      return (await metadataV12.api.async(connection, [], false, false)).controllerId;
    },
    timeoutMs,
  );
  return controller >= 0 ? controller : undefined;
}

/** Whether the broker is of a KRaft cluster. */
async function hasQuorum(connection: Connection): Promise<boolean> {
  const { apiKeys } = await apiVersionsV3.api.async(connection, "faultline-platform", "1");
  return apiKeys.some(({ apiKey }) => apiKey === DESCRIBE_QUORUM);
}

async function quorumLeader(connection: Connection): Promise<number> {
  const topics = [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }];
  const answer = await describeQuorumV2.api.async(connection, topics);
  return answer.topics[0]?.partitions[0]?.leaderId ?? -1;
}

/** The node id of a partition's leader: of what these brokers answer (those that don't are passed over), what has the highest leader epoch. Undefined: nobody leads now. */
export async function partitionLeader(
  addresses: string[],
  topic: string,
  partition: number,
): Promise<number | undefined> {
  const answers = await Promise.allSettled(addresses.map(async (address) => clusterView(address)));
  const views = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.partitions : []));
  const [newest] = views
    .filter((item) => item.topic === topic && item.partition === partition)
    .toSorted((a, b) => b.leaderEpoch - a.leaderEpoch);
  return newest === undefined || newest.leader < 0 ? undefined : newest.leader;
}

export type NewTopic = { name: string; partitions: number; replicationFactor: number; configs: Record<string, string> };

/**
 * Creates a topic. A KRaft broker hands this on to the controller; with ZooKeeper only the controller takes it, so it is looked up first.
 * @throws the client's error, also when it is there already (TOPIC_ALREADY_EXISTS), or the controller is another now (NOT_CONTROLLER: try again).
 */
export async function createTopic(address: string, topic: NewTopic, timeoutMs = 15_000): Promise<void> {
  const request = {
    name: topic.name,
    numPartitions: topic.partitions,
    replicationFactor: topic.replicationFactor,
    assignments: [],
    configs: Object.entries(topic.configs).map(([name, value]) => ({ name, value })),
  };
  const taker = await ask(
    address,
    async (connection) => ((await hasQuorum(connection)) ? address : controllerAddress(connection)),
    timeoutMs,
  );
  await ask(taker, async (connection) => createTopicsV7.api.async(connection, [request], timeoutMs, false), timeoutMs);
}

/** host:port of the controller, on the listener that this connection goes to. Only with ZooKeeper (see activeController). */
async function controllerAddress(connection: Connection): Promise<string> {
  const { brokers, controllerId } = await metadataV12.api.async(connection, [], false, false);
  const controller = brokers.find(({ nodeId }) => nodeId === controllerId);
  if (controller === undefined) throw new Error("no broker is controller now");
  return `${controller.host}:${controller.port}`;
}
