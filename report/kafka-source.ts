import { Admin } from "@platformatic/kafka";

/** What Kafka says of the topic. `logEnds`: the log end offset of each partition. */
export type KafkaState = { logEnds: number[]; underReplicated: number };

const REQUEST_TIMEOUT_MS = 900;
const LATEST = -1n; // ListOffsets: timestamp -1 asks for the log end offset

/**
 * One long-lived admin client. After any error it is thrown away: a request that timed out leaves its connection unusable, and a new
 * client begins at the next bootstrap broker, since a paused one accepts connections (the kernel does) but never answers.
 * The client's own retries are off: an answer that is seconds late is of no use here.
 */
export class KafkaSource {
  readonly #brokers: string[];
  readonly #topic: string;
  readonly #partitions: number;
  #first = 0;
  #admin: Admin | undefined;

  constructor(brokers: string[], topic: string, partitions: number) {
    this.#brokers = brokers;
    this.#topic = topic;
    this.#partitions = partitions;
  }

  /** @throws any client error; among them a partition without a leader, for which Kafka has no log end to tell. */
  async ask(): Promise<KafkaState> {
    const admin = (this.#admin ??= this.#connect());
    try {
      // Both need the topic's metadata; asked for at the same time, the client sends one request for the two.
      const [metadata, listed] = await Promise.all([
        admin.metadata({ topics: [this.#topic], forceUpdate: true }),
        admin.listOffsets({ topics: [{ name: this.#topic, partitions: this.#partitionRequests() }] }),
      ]);
      const partitions = metadata.topics.get(this.#topic)?.partitions ?? [];
      const logEnds = this.#logEnds(listed.flatMap((topic) => topic.partitions));
      return { logEnds, underReplicated: partitions.filter((partition) => partition.isr.length < partition.replicas.length).length };
    } catch (error) {
      this.#drop(admin);
      throw error;
    }
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.close().catch(() => undefined);
  }

  #partitionRequests(): { partitionIndex: number; timestamp: bigint }[] {
    return Array.from({ length: this.#partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
  }

  #logEnds(listed: { partitionIndex: number; offset: bigint }[]): number[] {
    const ends = Array.from({ length: this.#partitions }, () => -1);
    for (const { partitionIndex, offset } of listed) ends[partitionIndex] = Number(offset);
    if (ends.includes(-1)) throw new Error(`no log end offset for partition ${ends.indexOf(-1)} of ${this.#topic}`);
    return ends;
  }

  #connect(): Admin {
    const bootstrapBrokers = [...this.#brokers.slice(this.#first), ...this.#brokers.slice(0, this.#first)];
    return new Admin({ clientId: "faultline-sampler", bootstrapBrokers, retries: 0, connectTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS });
  }

  #drop(admin: Admin): void {
    if (this.#admin !== admin) return;
    this.#admin = undefined;
    this.#first = (this.#first + 1) % this.#brokers.length;
    admin.close().catch(() => undefined);
  }
}
