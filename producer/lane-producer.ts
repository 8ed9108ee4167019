import {
  kGetBootstrapConnection,
  kMetadata,
  Producer,
  UserError,
  type Callback,
  type CallbackWithPromise,
  type ClusterMetadata,
  type Connection,
  type MetadataOptions,
  type ProduceOptions,
  type ProducerInfo,
} from "@platformatic/kafka";
import { CLIENT_SETTINGS, RETRY_DELAY_MS } from "./client-settings.ts";

/**
 * The library's Producer for one partition, with three of its habits (2.12.1) changed:
 *
 * - On OUT_OF_ORDER_SEQUENCE_NUMBER and UNKNOWN_PRODUCER_ID it takes a new producer id and sends the batch again, unseen, within one `send`. Then one attempt could
 *   stand in the log twice. Here a second producer id is refused: the send ends with an error, and the next attempt is on record before it begins.
 * - A failed try keeps the metadata unless the error was a network error or the first NOT_LEADER_OR_FOLLOWER. Here each failed try clears it.
 * - Metadata tries within a send always ask the first bootstrap broker; when that one is paused, all stall until it is back. Here each failure moves on to the next.
 */
export class LaneProducer extends Producer {
  #bootstrapOffset: number;
  #hasId = false;

  constructor(options: { brokers: string[]; clientId: string; partition: number }) {
    super({
      ...CLIENT_SETTINGS,
      clientId: options.clientId,
      bootstrapBrokers: options.brokers,
      idempotent: true,
      acks: -1,
      autocreateTopics: false,
      retryDelay: (client) => {
        (client as LaneProducer).clearMetadata();
        return RETRY_DELAY_MS;
      },
    });
    this.#bootstrapOffset = options.partition;
  }

  override initIdempotentProducer(options: ProduceOptions<Buffer, Buffer, Buffer, Buffer>, callback: CallbackWithPromise<ProducerInfo>): void;
  override initIdempotentProducer(options: ProduceOptions<Buffer, Buffer, Buffer, Buffer>): Promise<ProducerInfo>;
  override initIdempotentProducer(
    options: ProduceOptions<Buffer, Buffer, Buffer, Buffer>,
    callback?: CallbackWithPromise<ProducerInfo>,
  ): void | Promise<ProducerInfo> {
    if (this.#hasId) {
      const error = new UserError("The brokers lost this producer id's state; a fresh producer must send the batch again.");
      if (callback === undefined) return Promise.reject(error);
      return callback(error);
    }
    if (callback !== undefined) return super.initIdempotentProducer(options, callback);
    return super.initIdempotentProducer(options);
  }

  /** To be called once the producer has its id. */
  refuseFurtherIds(): void {
    this.#hasId = true;
  }

  override [kMetadata](options: MetadataOptions, callback: CallbackWithPromise<ClusterMetadata>): void {
    super[kMetadata](options, (error, metadata) => {
      if (error) this.#bootstrapOffset++;
      callback(error, metadata);
    });
  }

  override [kGetBootstrapConnection](callback: Callback<Connection>, attempt = 0): void {
    super[kGetBootstrapConnection](callback, attempt + this.#bootstrapOffset);
  }
}
