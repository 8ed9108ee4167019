import type { Batch } from "./ledger-replay.ts";
import type { Channel, SendOutcome } from "./lane.ts";
import type { EventBatch } from "./event-batch.ts";
import { ACKS } from "./client-settings.ts";
import { LaneProducer } from "./lane-producer.ts";
import { judgeSendError } from "./send-errors.ts";

/** Sequence numbers of a producer id are 32 bits, and this client does not wrap them: take a fresh id long before. */
const WORN_RECORDS = 2 ** 30;

export type ChannelSettings = {
  brokers: string[];
  clientId: string;
  topic: string;
  partition: number;
  deadlineMs: number;
  /** The client waits as long as Kafka's own producer does. */
  kafkaDefaults: boolean;
};

/**
 * A Channel over one LaneProducer. When it is closed, the client stops trying. A request that is already in a broker's socket may still be
 * appended later, so a batch that is sent again may be in the log once for each attempt.
 */
export class KafkaChannel implements Channel {
  readonly #producer: LaneProducer;
  readonly #settings: ChannelSettings;
  readonly #build: (batch: Batch) => EventBatch;
  #settle: ((outcome: SendOutcome) => void) | undefined;
  #sentRecords = 0;

  private constructor(producer: LaneProducer, settings: ChannelSettings, build: (batch: Batch) => EventBatch) {
    this.#producer = producer;
    this.#settings = settings;
    this.#build = build;
  }

  /** Connects and gets a new producer id. @throws Error when that takes longer than the deadline, or `signal` aborts. */
  static async open(
    settings: ChannelSettings,
    build: (batch: Batch) => EventBatch,
    signal: AbortSignal,
  ): Promise<KafkaChannel> {
    signal.throwIfAborted();
    const producer = new LaneProducer(settings);
    const { promise: gaveUp, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`no producer id within ${settings.deadlineMs} ms`)),
      settings.deadlineMs,
    );
    const onAbort = () => reject(new Error("stopped while connecting"));
    signal.addEventListener("abort", onAbort);
    try {
      await Promise.race([producer.initIdempotentProducer({}), gaveUp]);
      producer.refuseFurtherIds();
      return new KafkaChannel(producer, settings, build);
    } catch (error) {
      closeQuietly(producer);
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  get worn(): boolean {
    return this.#sentRecords >= WORN_RECORDS;
  }

  send(batch: Batch): Promise<SendOutcome> {
    const { deadlineMs } = this.#settings;
    const { promise, resolve } = Promise.withResolvers<SendOutcome>();
    const timer = setTimeout(
      () => this.#settle?.({ kind: "indeterminate", why: `no answer within ${deadlineMs} ms` }),
      deadlineMs,
    );
    this.#settle = (outcome) => {
      clearTimeout(timer);
      this.#settle = undefined;
      resolve(outcome);
    };
    const settle = this.#settle;
    this.#sentRecords += batch.count;
    void this.#sendOnce(batch).then(settle);
    return promise;
  }

  async #sendOnce(batch: Batch): Promise<SendOutcome> {
    const { topic, partition } = this.#settings;
    try {
      const { offsets } = await this.#producer.send({ messages: this.#build(batch).messages, acks: ACKS });
      const found = offsets?.find((item) => item.topic === topic && item.partition === partition);
      // Brokers answer a repeat that they dropped with the first one's offset, or with -1 when they no longer know it.
      if (found === undefined || found.offset < 0n)
        return { kind: "indeterminate", why: "acknowledged without an offset" };
      return { kind: "ack", offset: Number(found.offset) };
    } catch (error) {
      return judgeSendError(error);
    }
  }

  close(): void {
    this.#settle?.({ kind: "indeterminate", why: "stopped while waiting for the answer" });
    closeQuietly(this.#producer);
  }
}

function closeQuietly(producer: LaneProducer): void {
  // Nobody waits for it, and a broker that doesn't take part in closing a socket is no news.
  producer.close().catch(() => {});
}
