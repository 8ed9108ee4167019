import { fetchV12 } from "@platformatic/kafka";
import type { Connection, RecordsBatch } from "@platformatic/kafka";
import { parseEventKey } from "../../contract/event.ts";
import type { EndsWatch } from "./ends-watch.ts";
import { KafkaLink, wholeAnswer } from "../sources/kafka-link.ts";
import type { Led } from "../sources/kafka-link.ts";
import { LogLineMaker } from "./log-line-maker.ts";
import type { StoredSequences } from "./stored-sequences.ts";
import type { WitnessLog } from "./witness-log.ts";

const WAIT_MS = 500;
/** Of one partition in one answer; memory holds one answer of each broker. */
const PARTITION_BYTES = 512 * 1024;
const ANSWER_BYTES = 4 * 1024 * 1024;
const IS_CONTROL = 1 << 5;
const IS_APPEND_TIME = 1 << 3;
const OFFSET_OUT_OF_RANGE = 1;

/** Reads every record of the topic once, in order of offset, and writes `log` lines. No consumer group, no committed offsets. */
export class LogWatch {
  readonly #topic: string;
  readonly #link: KafkaLink;
  readonly #ends: EndsWatch;
  readonly #log: WitnessLog;
  readonly #sequences: StoredSequences;
  readonly #makers: LogLineMaker[];

  constructor(
    { brokers, topic, partitions }: { brokers: string[]; topic: string; partitions: number },
    log: WitnessLog,
    ends: EndsWatch,
    sequences: StoredSequences,
  ) {
    this.#topic = topic;
    this.#link = new KafkaLink(brokers, topic, { clientId: "faultline-witness" });
    this.#ends = ends;
    this.#log = log;
    this.#sequences = sequences;
    this.#makers = Array.from(
      { length: partitions },
      (_, partition) => new LogLineMaker(partition, log.past.positions.get(partition) ?? 0),
    );
  }

  /** One fetch from each leader. @throws if none answers. */
  async round(): Promise<void> {
    const beganMs = performance.now();
    const outOfRange: number[] = [];
    await this.#link.ask(async (connection, led) => {
      for (const { partition, errorCode, logStart, batches } of await this.#fetch(connection, led)) {
        if (errorCode === OFFSET_OUT_OF_RANGE) outOfRange.push(partition);
        else if (errorCode !== 0) this.#link.expire();
        else this.#take(partition, logStart, batches);
      }
    });
    await this.#log.append(this.#makers.flatMap((maker) => maker.take() ?? []));
    for (const partition of outOfRange) await this.#moveIntoRange(partition);
    const tookMs = performance.now() - beganMs;
    // After an outage there is much to read: leave half of the core to others.
    if (tookMs < WAIT_MS / 2) await new Promise((resolve) => setTimeout(resolve, tookMs));
  }

  /** Writes what was read since the last line. */
  async flush(): Promise<void> {
    await this.#log.append(this.#makers.flatMap((maker) => maker.take(true) ?? []));
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #fetch(connection: Connection, led: readonly Led[]) {
    const partitions = led.flatMap(({ partition, epoch }) => {
      const position = this.#makers[partition]?.position;
      if (position === undefined) return [];
      return {
        partition,
        currentLeaderEpoch: epoch,
        fetchOffset: BigInt(position),
        lastFetchedEpoch: -1,
        partitionMaxBytes: PARTITION_BYTES,
      };
    });
    const topics = [{ topicId: this.#topic, partitions }];
    const answer = await wholeAnswer(
      fetchV12.api.async(connection, WAIT_MS, 1, ANSWER_BYTES, 0, 0, -1, topics, [], ""),
    );
    return answer.responses.flatMap((item) =>
      item.partitions.map(({ partitionIndex, errorCode, logStartOffset, records }) => ({
        partition: partitionIndex,
        errorCode,
        logStart: Number(logStartOffset),
        batches: records ?? [],
      })),
    );
  }

  #take(partition: number, logStart: number, batches: readonly RecordsBatch[]): void {
    const maker = this.#makers[partition];
    if (maker === undefined) return;
    if (maker.position < logStart) maker.passed(logStart);
    let last: Uint8Array | null = null;
    for (const batch of batches) {
      const [first, firstMs] = [Number(batch.firstOffset), Number(batch.firstTimestamp)];
      const appendMs = (batch.attributes & IS_APPEND_TIME) === 0 ? undefined : Number(batch.maxTimestamp);
      const records = (batch.attributes & IS_CONTROL) === 0 ? batch.records : [];
      for (const { offsetDelta, timestampDelta, key, value } of records) {
        // The first batch may begin before the position.
        if (first + offsetDelta < maker.position) continue;
        maker.add(first + offsetDelta, appendMs ?? firstMs + Number(timestampDelta), key, value);
        last = key;
      }
      maker.passed(first + batch.lastOffsetDelta + 1);
    }
    const place = last === null ? undefined : parseEventKey(Buffer.from(last).toString("latin1"));
    if (place?.partition === partition) this.#sequences.add(partition, maker.position, place.sequence + 1);
  }

  /** The log was cut off, made anew, or its beginning was deleted. */
  async #moveIntoRange(partition: number): Promise<void> {
    const maker = this.#makers[partition];
    const range = await this.#ends.rangeOf(partition);
    if (maker === undefined || range === undefined) return;
    const line = maker.take(true);
    if (line !== undefined) await this.#log.append([line]);
    // Behind the line: only then may the next one begin lower.
    if (range.end < maker.position) await this.#ends.write(partition, range.end, true);
    if (range.end < maker.position || maker.position < range.start)
      maker.moveTo(Math.max(range.start, Math.min(maker.position, range.end)));
  }
}
