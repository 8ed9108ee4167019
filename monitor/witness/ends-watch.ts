import { listOffsetsV7 } from "@platformatic/kafka";
import type { Connection } from "@platformatic/kafka";
import { KafkaLink, wholeAnswer } from "../sources/kafka-link.ts";
import type { Led } from "../sources/kafka-link.ts";
import type { WitnessLog } from "./witness-log.ts";

/** An unchanged end is written again after this time: without a line, nobody can tell that the log was looked at. */
const REPEAT_MS = 5_000;
const LATEST = -1n;
const EARLIEST = -2n;
const UNCOMMITTED = 0;

/**
 * Writes `ends` lines: each partition's high watermark. ListOffsets tells it, not Fetch: since KIP-207 a new leader does not answer before its
 * high watermark has reached what it had been when it became the leader, so the figure never goes back unless records are gone.
 */
export class EndsWatch {
  readonly #topic: string;
  readonly #link: KafkaLink;
  readonly #log: WitnessLog;
  readonly #last = new Map<number, { end: number; atMs: number }>();

  constructor({ brokers, topic }: { brokers: string[]; topic: string }, log: WitnessLog) {
    this.#topic = topic;
    this.#link = new KafkaLink(brokers, topic, { clientId: "faultline-witness" });
    this.#log = log;
  }

  /** Asks each leader. @throws if none answers. */
  async round(): Promise<void> {
    for (const [partition, end] of await this.#offsets(LATEST)) await this.write(partition, end);
  }

  /** Writes a line if the high watermark is another than before, or the last line is old. @param isAnyway in any case. */
  async write(partition: number, end: number, isAnyway = false): Promise<void> {
    const atMs = Date.now();
    const last = this.#last.get(partition);
    if (!isAnyway && last?.end === end && Math.abs(atMs - last.atMs) < REPEAT_MS) return;
    this.#last.set(partition, { end, atMs });
    await this.#log.append([{ t: "ends", partition, high_watermark: end, at_ms: atMs }]);
  }

  /** @returns first offset and high watermark; undefined: its leader does not answer. @throws if no leader answers. */
  async rangeOf(partition: number): Promise<{ start: number; end: number } | undefined> {
    const start = (await this.#offsets(EARLIEST)).get(partition);
    const end = (await this.#offsets(LATEST)).get(partition);
    return start === undefined || end === undefined ? undefined : { start, end };
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #offsets(timestamp: bigint): Promise<Map<number, number>> {
    const found = new Map<number, number>();
    await this.#link.ask(async (connection, led) => {
      for (const { partitionIndex, errorCode, offset } of await this.#list(connection, led, timestamp))
        if (errorCode === 0 && offset >= 0n) found.set(partitionIndex, Number(offset));
        else this.#link.expire();
    });
    return found;
  }

  async #list(connection: Connection, led: readonly Led[], timestamp: bigint) {
    const partitions = led.map(({ partition, epoch }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: epoch,
      timestamp,
    }));
    const answer = await wholeAnswer(
      listOffsetsV7.api.async(connection, -1, UNCOMMITTED, [{ name: this.#topic, partitions }]),
    );
    return answer.topics.flatMap((item) => item.partitions);
  }
}
