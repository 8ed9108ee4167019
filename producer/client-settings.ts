import type { BaseOptions } from "@platformatic/kafka";

/**
 * How the Kafka client behaves within the producer's own deadline; docs/tuning.md says how these fit the brokers' time-outs.
 * The client retries a send with the same producer id and sequence, so brokers drop repeats: retries are safe, and giving up is expensive.
 */
export const CLIENT_SETTINGS = {
  /**
   * A paused broker's socket stays open and silent: only this ends the wait. Above what a busy broker needs for a batch of 1 MB. Half its session
   * timeout: a try that began just before the brokers had another leader costs the lane this time once more.
   */
  requestTimeout: 1_000,
  /** Loopback or a data centre; a paused broker's kernel still accepts connections, a dead one refuses at once. */
  connectTimeout: 500,
  /** What the broker is told to wait for the in-sync replicas. Below requestTimeout: an answer "timed out" keeps the connection, silence does not. */
  timeout: 750,
  /** Unlimited; our deadline around `send` is the bound. */
  retries: Number.MAX_SAFE_INTEGER,
  /** Metadata is fetched again after each failed try (see LaneProducer), never by age: a fetch in between only adds a broker that can stall a healthy lane. */
  metadataMaxAge: 3_600_000,
} as const satisfies Partial<BaseOptions>;

/** What Kafka's own producer has by default (request.timeout.ms, socket.connection.setup.timeout.ms, metadata.max.age.ms), to compare with. */
export const KAFKA_DEFAULTS = {
  ...CLIENT_SETTINGS,
  requestTimeout: 30_000,
  connectTimeout: 10_000,
  timeout: 30_000,
  metadataMaxAge: 300_000,
} as const satisfies Partial<BaseOptions>;

/** All replicas in sync have the batch. Every `open` line of the ledger states it. */
export const ACKS = -1;

/** Between two tries of a send. Short: an election takes milliseconds once the controller knows that the leader is gone. */
export const RETRY_DELAY_MS = 100;
