import { apiVersionsV3, type Connection, describeQuorumV2, metadataV12 } from "@platformatic/kafka";
import { connectKafka } from "../kafka-link.ts";
import type { Probe, Shown } from "./probe.ts";

const CLIENT_ID = "faultline-nodes";
/** DescribeQuorum: a broker that is coordinated by ZooKeeper does not list it, and closes the connection when asked. */
const DESCRIBE_QUORUM = 55;

/** A connection to one broker that is kept until a question fails: a request that timed out leaves its connection unusable. */
class KeptConnection {
  readonly #address: string;
  readonly #timeoutMs: number;
  #connection: Promise<Connection> | undefined;

  constructor(address: string, timeoutMs: number) {
    this.#address = address;
    this.#timeoutMs = timeoutMs;
  }

  async use<T>(question: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = (this.#connection ??= connectKafka(this.#address, {
      clientId: CLIENT_ID,
      timeoutMs: this.#timeoutMs,
    }));
    try {
      return await question(await connection);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    const made = await connection?.catch(() => undefined);
    if (made === undefined) return;
    // close() waits for answers that a paused broker will never give.
    made.socket.destroy();
    made.close().catch(() => undefined);
  }
}

/**
 * Who the active controller is, asked of one broker after the other. A question of its own: KRaft's brokers hand it on to the controller, which
 * may be the one that does not answer.
 */
export class ControllerWatch {
  readonly #brokers: readonly string[];
  readonly #timeoutMs: number;
  #connection: KeptConnection | undefined;
  #first = 0;

  /** @param brokers host:port of each. */
  constructor(brokers: readonly string[], timeoutMs: number) {
    this.#brokers = brokers;
    this.#timeoutMs = timeoutMs;
  }

  /** @returns the node id; undefined: nobody is it now, or the broker that was asked does not know. */
  async ask(): Promise<number | undefined> {
    const address = this.#brokers[this.#first];
    if (address === undefined) return undefined;
    const kept = (this.#connection ??= new KeptConnection(address, this.#timeoutMs));
    try {
      const id = await kept.use(controllerId);
      if (id >= 0) return id;
    } catch {
      this.#connection = undefined;
    }
    this.#first = (this.#first + 1) % this.#brokers.length;
    this.#connection = undefined;
    await kept.close();
    return undefined;
  }

  async close(): Promise<void> {
    await this.#connection?.close();
  }
}

async function controllerId(connection: Connection): Promise<number> {
  const { apiKeys } = await apiVersionsV3.api.async(connection, CLIENT_ID, "1");
  if (!apiKeys.some(({ apiKey }) => apiKey === DESCRIBE_QUORUM))
    return (await metadataV12.api.async(connection, [], false, false)).controllerId;
  const topics = [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }];
  const answer = await describeQuorumV2.api.async(connection, topics);
  return answer.topics[0]?.partitions[0]?.leaderId ?? -1;
}

/** One broker, asked by ApiVersions. Its role is the cluster's to say. */
export function kafkaProbe(address: string, timeoutMs: number): Probe {
  const connection = new KeptConnection(address, timeoutMs);
  const ask = async (): Promise<Shown> => {
    await connection.use(async (made) => apiVersionsV3.api.async(made, CLIENT_ID, "1"));
    return { answers: true, role: null };
  };
  return { ask, close: async () => connection.close() };
}
