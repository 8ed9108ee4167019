import { fetchV12 } from "@platformatic/kafka";
import type { Connection, RecordsBatch } from "@platformatic/kafka";
import { KafkaLink, type Led, wholeAnswer } from "./kafka-link.ts";

const REQUEST_TIMEOUT_MS = 700;
/** A broker answers with one whole batch, however small the limit is, if only one partition is asked for. */
const ONE_BATCH = 1;
const IS_APPEND_TIME = 1 << 3;

/** `madeMs`: the record's timestamp, ms since 1970; undefined: there is no record at this offset yet. */
type Found = { offset: number; madeMs: number | undefined };

/** Finds out when each partition's oldest record that is not stored was made: it reads the record at next_offset. */
export class UnstoredRecords {
  readonly #topic: string;
  readonly #link: KafkaLink;
  readonly #found = new Map<number, Found>();

  constructor(brokers: string[], topic: string) {
    this.#topic = topic;
    this.#link = new KafkaLink(brokers, topic, { clientId: "faultline-unstored", timeoutMs: REQUEST_TIMEOUT_MS });
  }

  /**
   * Looks at these offsets. A record that is known is not read again: it stays what it is while next_offset stands still.
   * @throws the client's errors, if no leader answers. What was found until then, `ages` gives.
   */
  async look(nextOffsets: readonly number[]): Promise<void> {
    for (const [partition, { offset, madeMs }] of this.#found)
      if (madeMs === undefined || offset !== nextOffsets[partition]) this.#found.delete(partition);
    const asked = nextOffsets.keys().filter((partition) => !this.#found.has(partition));
    const wanted = new Set(asked);
    if (wanted.size === 0) return;
    await this.#link.ask(async (connection, led) => {
      const mine = led.filter(({ partition }) => wanted.has(partition));
      await Promise.all(mine.map(async (item) => this.#read(connection, item, nextOffsets[item.partition] as number)));
    });
  }

  /**
   * @param logEnds where the log is known to end: a new leader may not yet show what is there.
   * @returns per partition how long before this time its oldest record that is not stored was made, in ms; 0: there is none; null: unknown.
   */
  ages(nextOffsets: readonly number[], logEnds: readonly (number | null)[], atMs: number): (number | null)[] {
    return nextOffsets.map((offset, partition) => {
      const found = this.#found.get(partition);
      if (found?.offset !== offset) return null;
      if (found.madeMs === undefined) return (logEnds[partition] ?? 0) > offset ? null : 0;
      return Math.max(0, atMs - found.madeMs);
    });
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  async #read(connection: Connection, { partition, epoch }: Led, offset: number): Promise<void> {
    const question = {
      partition,
      currentLeaderEpoch: epoch,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: ONE_BATCH,
    };
    const topics = [{ topicId: this.#topic, partitions: [question] }];
    const answer = await wholeAnswer(fetchV12.api.async(connection, 0, 0, ONE_BATCH, 0, 0, -1, topics, [], ""));
    for (const { errorCode, highWatermark, records } of answer.responses.flatMap((topic) => topic.partitions)) {
      if (errorCode !== 0) this.#link.expire();
      else if (highWatermark === BigInt(offset)) this.#found.set(partition, { offset, madeMs: undefined });
      else {
        const madeMs = firstTimestamp(records ?? [], offset);
        if (madeMs !== undefined) this.#found.set(partition, { offset, madeMs });
      }
    }
  }
}

/** @returns the timestamp of the first record at or behind the offset; undefined: the batches have none. */
function firstTimestamp(batches: readonly RecordsBatch[], offset: number): number | undefined {
  for (const batch of batches) {
    const appendMs = (batch.attributes & IS_APPEND_TIME) === 0 ? undefined : Number(batch.maxTimestamp);
    const at = Number(batch.firstOffset);
    // The first batch may begin before the offset.
    const record = batch.records.find(({ offsetDelta }) => at + offsetDelta >= offset);
    if (record !== undefined) return appendMs ?? Number(batch.firstTimestamp) + Number(record.timestampDelta);
  }
  return undefined;
}
