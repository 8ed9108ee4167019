import { Connection, metadataV12, ResponseError } from "@platformatic/kafka";

/** Longer than a fetch waits at the broker. A paused broker holds up a round for so long. */
const REQUEST_TIMEOUT_MS = 3_000;
const UNKNOWN_LEADER = -1;

/** A partition at its leader. `epoch`: the highest that was ever seen. */
export type Led = { partition: number; epoch: number };

/** A partition as the metadata have it. */
export type PartitionReplicas = { partition: number; isLed: boolean; isr: number; replicas: number };

export type KafkaLinkOptions = {
  /** As the brokers' logs show it. */
  clientId: string;
  /** For a connection, and for an answer. @default 3,000 */
  timeoutMs?: number;
};

/**
 * The leaders of a topic's partitions, each with a connection of its own. Requests must name the epoch: a broker that was paused and still
 * believes that it leads then refuses, instead of telling an older end of the log. Use one link for one purpose: a broker answers a connection's
 * requests one after the other.
 */
export class KafkaLink {
  readonly #topic: string;
  readonly #bootstrap: string[];
  readonly #options: Required<KafkaLinkOptions>;
  #first = 0;
  #topicId = "";
  #isStale = true;
  #leaders: { node: number; epoch: number }[] = [];
  #addresses = new Map<number, { host: string; port: number }>();
  readonly #connections = new Map<string, Promise<Connection>>();

  constructor(brokers: string[], topic: string, options: KafkaLinkOptions) {
    this.#bootstrap = brokers;
    this.#topic = topic;
    this.#options = { timeoutMs: REQUEST_TIMEOUT_MS, ...options };
  }

  /** Ask for the leaders again before the next question. */
  expire(): void {
    this.#isStale = true;
  }

  /**
   * Asks every leader at once, each about its own partitions.
   * @throws what the last one threw, if none answered; those that did not answer are asked anew next time.
   */
  async ask(question: (connection: Connection, led: readonly Led[]) => Promise<void>): Promise<void> {
    if (this.#isStale) await this.refresh();
    const byNode = Map.groupBy(
      this.#leaders.map(({ node, epoch }, partition) => ({ node, partition, epoch })),
      ({ node }) => node,
    );
    byNode.delete(UNKNOWN_LEADER);
    if (byNode.size < new Set(this.#leaders.map(({ node }) => node)).size) this.expire();
    const answers = await Promise.allSettled(
      [...byNode].map(async ([node, led]) => {
        const address = this.#addresses.get(node);
        if (address === undefined) throw new Error(`broker ${node} leads, but is not there`);
        await this.#with(`${address.host}:${address.port}`, (connection) => question(connection, led));
      }),
    );
    const failed = answers.filter((answer) => answer.status === "rejected");
    if (failed.length > 0) this.expire();
    if (failed.length === answers.length) throw failed[0]?.reason ?? new Error("no partition has a leader");
  }

  async close(): Promise<void> {
    const all = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.all(
      all.map(async (connection) => (await connection).close()).map((end) => end.catch(() => undefined)),
    );
  }

  /** Asks one broker for the topic's metadata. @returns its partitions as that broker knows them. @throws if it does not answer; the next one is asked next time. */
  async refresh(): Promise<PartitionReplicas[]> {
    const address = this.#bootstrap[this.#first] ?? "";
    let answer: metadataV12.MetadataResponse;
    try {
      answer = await this.#with(address, (connection) =>
        wholeAnswer(metadataV12.api.async(connection, [this.#topic], false, false)),
      );
    } catch (error) {
      this.#first = (this.#first + 1) % this.#bootstrap.length;
      throw error;
    }
    const topic = answer.topics.find(({ name }) => name === this.#topic);
    if (topic === undefined || topic.partitions.length === 0) throw new Error(`there is no topic ${this.#topic}`);
    if (topic.topicId !== this.#topicId) this.#leaders = [];
    this.#topicId = topic.topicId;
    for (const { nodeId, host, port } of answer.brokers) this.#addresses.set(nodeId, { host, port });
    for (const { partitionIndex, leaderId, leaderEpoch } of topic.partitions) {
      const known = this.#leaders[partitionIndex];
      // A broker that was paused tells of leaders that were.
      if (known === undefined || leaderEpoch >= known.epoch)
        this.#leaders[partitionIndex] = { node: leaderId, epoch: leaderEpoch };
      else this.#first = (this.#first + 1) % this.#bootstrap.length;
    }
    this.#isStale = false;
    return topic.partitions.map(({ partitionIndex, leaderId, isrNodes, replicaNodes }) => ({
      partition: partitionIndex,
      isLed: leaderId !== UNKNOWN_LEADER,
      isr: isrNodes.length,
      replicas: replicaNodes.length,
    }));
  }

  async #with<T>(address: string, use: (connection: Connection) => Promise<T>): Promise<T> {
    let connection = this.#connections.get(address);
    if (connection === undefined) {
      connection = connectKafka(address, this.#options);
      this.#connections.set(address, connection);
    }
    try {
      return await use(await connection);
    } catch (error) {
      // A request that timed out leaves its connection unusable.
      if (this.#connections.get(address) === connection) this.#connections.delete(address);
      connection.then((made) => made.close()).catch(() => undefined);
      throw error;
    }
  }
}

/** @returns the answer, also if it came with an error of some partitions. @throws the error, if there is no answer. */
export async function wholeAnswer<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    const response: unknown = error instanceof ResponseError ? error["response"] : undefined;
    if (response === undefined) throw error;
    return response as T;
  }
}

/** @param address host:port. @throws the client's errors. */
export async function connectKafka(
  address: string,
  { clientId, timeoutMs }: Required<KafkaLinkOptions>,
): Promise<Connection> {
  const at = address.lastIndexOf(":");
  const connection = new Connection(clientId, { connectTimeout: timeoutMs, requestTimeout: timeoutMs });
  connection.on("error", () => undefined);
  await connection.connect(address.slice(0, at).replace(/^\[(.*)]$/, "$1"), Number(address.slice(at + 1)));
  return connection;
}
