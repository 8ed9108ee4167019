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
import { ACKS, CLIENT_SETTINGS, KAFKA_DEFAULTS, RETRY_DELAY_MS } from "./client-settings.ts";

/**
 * The library's Producer for one partition, with three of its defaults (2.12.1) changed:
 *
 * - On OUT_OF_ORDER_SEQUENCE_NUMBER and UNKNOWN_PRODUCER_ID the library takes a new producer id and sends the batch again within one `send`.
 *   Then one attempt could be in the log twice. Here a second producer id is refused: the send fails, and the ledger has the next attempt
 *   before it begins.
 * - After a failed try the library keeps the metadata, unless the error was a network error or the first NOT_LEADER_OR_FOLLOWER. Here each
 *   failed try clears the metadata.
 * - Within a send the library always asks the first bootstrap broker for metadata; if that broker is paused, all lanes stall. Here each
 *   failure moves on to the next broker.
 */
export class LaneProducer extends Producer {
  #bootstrapOffset: number;
  #hasId = false;

  constructor(options: { brokers: string[]; clientId: string; partition: number; kafkaDefaults?: boolean }) {
    super({
      ...(options.kafkaDefaults === true ? KAFKA_DEFAULTS : CLIENT_SETTINGS),
      clientId: options.clientId,
      bootstrapBrokers: options.brokers,
      idempotent: true,
      acks: ACKS,
      autocreateTopics: false,
      retryDelay: (client) => {
        (client as LaneProducer).clearMetadata();
        return RETRY_DELAY_MS;
      },
    });
    this.#bootstrapOffset = options.partition;
  }

  override initIdempotentProducer(
    options: ProduceOptions<Buffer, Buffer, Buffer, Buffer>,
    callback: CallbackWithPromise<ProducerInfo>,
  ): void;
  override initIdempotentProducer(options: ProduceOptions<Buffer, Buffer, Buffer, Buffer>): Promise<ProducerInfo>;
  override initIdempotentProducer(
    options: ProduceOptions<Buffer, Buffer, Buffer, Buffer>,
    callback?: CallbackWithPromise<ProducerInfo>,
  ): void | Promise<ProducerInfo> {
    if (this.#hasId) {
      const error = new UserError(
        "The brokers lost this producer id's state; a fresh producer must send the batch again.",
      );
      if (callback === undefined) return Promise.reject(error);
      return callback(error);
    }
    if (callback !== undefined) return super.initIdempotentProducer(options, callback);
    return super.initIdempotentProducer(options);
  }

  /** Call this when the producer has its id. */
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
