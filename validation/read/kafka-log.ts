import { setTimeout as sleep } from "node:timers/promises";
import { Admin, Connection, findErrorBy } from "@platformatic/kafka";
import { FaultlineError } from "../../contract/errors.ts";
import { fetchRecords } from "./fetch.ts";
import type { FetchAnswer } from "./fetch.ts";
import { lastOffset } from "./record-batch.ts";

export type LogRange = { partition: number; start: number; end: number };

const FETCH_BYTES = 4 * 1024 * 1024;
/** `giveUpMs`: without a record for this long, reading is given up. */
const LIMITS = { connectMs: 3_000, requestMs: 10_000, retryMs: 200, giveUpMs: 30_000 };
const OFFSET_OUT_OF_RANGE = 1;
/** The client library keeps only these words of Kafka's answer about the topic. */
const UNKNOWN_TOPIC = "Unknown topic";
const CLIENT_ID = "faultline-validation";

/** Reads a topic with a client of its own: no consumer group, no committed offsets, every partition from its first offset to its end. */
export class KafkaLog {
  readonly #topic: string;
  readonly #brokers: string[];
  readonly #admin: Admin;
  readonly #limits: typeof LIMITS;

  constructor(brokers: string[], topic: string, limits = LIMITS) {
    this.#limits = limits;
    this.#brokers = brokers;
    this.#topic = topic;
    this.#admin = new Admin({
      clientId: CLIENT_ID,
      bootstrapBrokers: brokers,
      retries: 2,
      retryDelay: limits.retryMs,
      connectTimeout: limits.connectMs,
      requestTimeout: limits.requestMs,
      autocreateTopics: false,
    });
  }

  /**
   * First offset and end (the high watermark) of every partition.
   * @throws FaultlineError FL_KAFKA_UNREACHABLE, FL_TOPIC_MISSING
   */
  async ranges(): Promise<LogRange[]> {
    try {
      const metadata = await this.#admin.metadata({ topics: [this.#topic], forceUpdate: true });
      const count = metadata.topics.get(this.#topic)?.partitionsCount;
      if (count === undefined) throw new Error(UNKNOWN_TOPIC);
      const [starts, ends] = [await this.#offsets(count, -2n), await this.#offsets(count, -1n)];
      return Array.from({ length: count }, (_, partition) => ({
        partition,
        start: at(starts, partition),
        end: at(ends, partition),
      }));
    } catch (error) {
      throw this.#explain(error as Error);
    }
  }

  /**
   * Gives the record batches of [start, end), in order of offset.
   * @param take reads a broker's answer from `position` on (see readBatches), and returns how far it came.
   * @throws FaultlineError FL_KAFKA_UNREACHABLE when nothing more comes for 30 s, or the broker no longer has the offset.
   */
  async read(
    { partition, start, end }: LogRange,
    take: (batches: Buffer, position: number) => number,
    signal: AbortSignal,
  ): Promise<void> {
    let position = start;
    let connection: Connection | undefined;
    let next: Promise<FetchAnswer> | undefined;
    let lastProgress = performance.now();
    let failure = "the broker sends no records";
    const { retryMs, giveUpMs } = this.#limits;
    try {
      while (position < end) {
        signal.throwIfAborted();
        if (performance.now() - lastProgress > giveUpMs)
          throw new FaultlineError(
            "FL_KAFKA_UNREACHABLE",
            `${this.#topic} partition ${partition}: read up to offset ${position} of ${end}: ${failure}`,
          );
        let answer: FetchAnswer;
        try {
          connection ??= await this.#connectToLeader(partition);
          answer = await (next ?? fetchRecords(connection, this.#topic, partition, position, FETCH_BYTES));
        } catch (error) {
          failure = (error as Error).message;
          next = undefined;
          await close(connection);
          connection = undefined;
          await sleep(retryMs);
          continue;
        }
        next = undefined;
        if (answer.errorCode === OFFSET_OUT_OF_RANGE)
          throw new FaultlineError(
            "FL_KAFKA_UNREACHABLE",
            `${this.#topic} partition ${partition}: Kafka no longer has offset ${position}; it was deleted while reading`,
          );
        const upTo = answer.errorCode === 0 ? Math.min(lastOffset(answer.records, position), end) : position;
        if (upTo === position) {
          // A new leader, or nothing yet: ask again, the leader anew.
          if (answer.errorCode !== 0) failure = `Kafka's error code ${answer.errorCode}`;
          await close(connection);
          connection = undefined;
          await sleep(retryMs);
          continue;
        }
        if (upTo < end) {
          next = fetchRecords(connection, this.#topic, partition, upTo, FETCH_BYTES);
          next.catch(() => undefined);
        }
        position = take(answer.records, position);
        lastProgress = performance.now();
      }
    } finally {
      await close(connection);
    }
  }

  async close(): Promise<void> {
    await this.#admin.close().catch(() => undefined);
  }

  async #offsets(count: number, timestamp: bigint) {
    const partitions = Array.from({ length: count }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
    const topics = await this.#admin.listOffsets({ topics: [{ name: this.#topic, partitions }] });
    return topics.flatMap((topic) => topic.partitions);
  }

  async #connectToLeader(partition: number): Promise<Connection> {
    const metadata = await this.#admin.metadata({ topics: [this.#topic], forceUpdate: true });
    const broker = metadata.brokers.get(metadata.topics.get(this.#topic)?.partitions[partition]?.leader ?? -1);
    if (broker === undefined) throw new Error("the partition has no leader");
    const { connectMs: connectTimeout, requestMs: requestTimeout } = this.#limits;
    const connection = new Connection(CLIENT_ID, { connectTimeout, requestTimeout });
    connection.on("error", () => undefined);
    await connection.connect(broker.host, broker.port);
    return connection;
  }

  #explain(error: Error): Error {
    if (findErrorBy(error, "apiId", "UNKNOWN_TOPIC_OR_PARTITION") !== null || error.message.startsWith(UNKNOWN_TOPIC))
      return new FaultlineError("FL_TOPIC_MISSING", `topic "${this.#topic}" does not exist in Kafka`, {
        remedy: "give the right topic with --topic, or the right pipeline file",
        cause: error,
      });
    return new FaultlineError(
      "FL_KAFKA_UNREACHABLE",
      `Kafka at ${this.#brokers.join(",")} does not answer: ${error.message}`,
      {
        remedy: "start the stack (`./faultline up`), or give its addresses with --brokers",
        cause: error,
      },
    );
  }
}

function at(offsets: { partitionIndex: number; offset: bigint }[], partition: number): number {
  const found = offsets.find((item) => item.partitionIndex === partition);
  if (found === undefined || found.offset < 0n) throw new Error(`no offset for partition ${partition}`);
  return Number(found.offset);
}

async function close(connection: Connection | undefined): Promise<void> {
  await connection?.close().catch(() => undefined);
}
