import { listOffsetsV7 } from "@platformatic/kafka";
import { KafkaLink, wholeAnswer } from "./kafka-link.ts";

/**
 * The topic's state. `logEnds`: the log end offset of each partition, null where its leader did not answer. `isr`: the size of each
 * partition's ISR, 0 where nobody leads.
 */
export type KafkaState = { logEnds: (number | null)[]; isr: number[]; underReplicated: number };

/** Within a sample's deadline of 800 ms, so that the other leaders count even when one is silent. */
const REQUEST_TIMEOUT_MS = 700;
const LATEST = -1n; // ListOffsets: timestamp -1 asks for the log end offset
const UNCOMMITTED = 0;

/** Asks one broker for the topic's metadata, and each leader for its log ends; connections are kept. There are no retries: an answer that is seconds late is useless here. */
export class KafkaSource {
  readonly #topic: string;
  readonly #partitions: number;
  readonly #link: KafkaLink;

  constructor(brokers: string[], topic: string, partitions: number) {
    this.#topic = topic;
    this.#partitions = partitions;
    this.#link = new KafkaLink(brokers, topic, { clientId: "faultline-sampler", timeoutMs: REQUEST_TIMEOUT_MS });
  }

  /** @throws the client's errors, if a broker gave no metadata: the next one is asked the next time. A paused broker accepts connections, but never answers. */
  async ask(): Promise<KafkaState> {
    const metadata = await this.#link.refresh();
    const logEnds: (number | null)[] = Array.from({ length: this.#partitions }, () => null);
    const isr = Array.from({ length: this.#partitions }, () => 0);
    for (const { partition, isLed, isr: size } of metadata) if (isLed && partition in isr) isr[partition] = size;
    await this.#listEnds(logEnds).catch(() => undefined);
    return { logEnds, isr, underReplicated: metadata.filter((item) => item.isr < item.replicas).length };
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  async #listEnds(ends: (number | null)[]): Promise<void> {
    await this.#link.ask(async (connection, led) => {
      const partitions = led.map(({ partition, epoch }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: epoch,
        timestamp: LATEST,
      }));
      const topics = [{ name: this.#topic, partitions }];
      const answer = await wholeAnswer(listOffsetsV7.api.async(connection, -1, UNCOMMITTED, topics));
      for (const { partitionIndex, errorCode, offset } of answer.topics.flatMap((topic) => topic.partitions))
        if (errorCode === 0 && offset >= 0n && partitionIndex in ends) ends[partitionIndex] = Number(offset);
    });
  }
}
