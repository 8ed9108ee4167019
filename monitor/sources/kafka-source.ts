import { Admin } from "@platformatic/kafka";

/** The topic's state. `logEnds`: the log end offset of each partition; null if a leader did not answer. */
export type KafkaState = { logEnds: number[] | null; underReplicated: number };

/** Within a sample's deadline of 800 ms, so that the metadata count even when a leader is silent. */
const REQUEST_TIMEOUT_MS = 700;
const LATEST = -1n; // ListOffsets: timestamp -1 asks for the log end offset

/**
 * One admin client that is kept. After any error it is replaced, because a request that timed out leaves its connection unusable. If a
 * bootstrap broker gave no metadata, the new client begins at the next one: a paused broker accepts connections, but never answers. The
 * client's own retries are off, because an answer that is seconds late is useless here.
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

  /** @throws the client's errors, also for a partition without a leader. */
  async ask(): Promise<KafkaState> {
    const admin = (this.#admin ??= this.#connect());
    // Both need the topic's metadata; asked for at the same time, the client sends one request for the two.
    const [metadata, listed] = await Promise.allSettled([
      admin.metadata({ topics: [this.#topic], forceUpdate: true }),
      admin.listOffsets({ topics: [{ name: this.#topic, partitions: this.#partitionRequests() }] }),
    ]);
    if (metadata.status === "rejected" || listed.status === "rejected") this.#drop(admin);
    if (metadata.status === "rejected") {
      this.#first = (this.#first + 1) % this.#brokers.length;
      throw metadata.reason;
    }
    const partitions = metadata.value.topics.get(this.#topic)?.partitions ?? [];
    return {
      logEnds: listed.status === "fulfilled" ? this.#logEnds(listed.value.flatMap((topic) => topic.partitions)) : null,
      underReplicated: partitions.filter((partition) => partition.isr.length < partition.replicas.length).length,
    };
  }

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.close().catch(() => undefined);
  }

  #partitionRequests(): { partitionIndex: number; timestamp: bigint }[] {
    return Array.from({ length: this.#partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST }));
  }

  #logEnds(listed: { partitionIndex: number; offset: bigint }[]): number[] | null {
    const ends = Array.from({ length: this.#partitions }, () => -1);
    for (const { partitionIndex, offset } of listed) ends[partitionIndex] = Number(offset);
    return ends.includes(-1) ? null : ends;
  }

  #connect(): Admin {
    const bootstrapBrokers = [...this.#brokers.slice(this.#first), ...this.#brokers.slice(0, this.#first)];
    return new Admin({
      clientId: "faultline-sampler",
      bootstrapBrokers,
      retries: 0,
      connectTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    });
  }

  #drop(admin: Admin): void {
    if (this.#admin !== admin) return;
    this.#admin = undefined;
    admin.close().catch(() => undefined);
  }
}
