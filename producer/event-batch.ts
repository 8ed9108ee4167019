import type { MessageToProduce } from "@platformatic/kafka";
import { createdMsOf, eventKey, type EventSource } from "../contract/event.ts";
import type { Batch } from "./ledger-replay.ts";

/** Record batch header, Kafka's message format v2 (KIP-98): baseOffset 8 … records count 4. */
const BATCH_HEADER_BYTES = 61;
/** Upper bound of a record beside key and value: length 5, attributes 1, timestamp delta 10, offset delta 5, key and value lengths 5 each, headers 1. */
const RECORD_OVERHEAD_BYTES = 32;

export type EventBatch = {
  messages: MessageToProduce[];
  /** Upper bound of the record batch's size, uncompressed. */ bytes: number;
};

/** Makes a batch's records. The same batch always gives the same bytes. A record's timestamp is the event's creation time. */
export function buildEventBatch(
  source: EventSource,
  run: number,
  topic: string,
  partition: number,
  batch: Omit<Batch, "attempts">,
): EventBatch {
  const messages: MessageToProduce[] = [];
  let bytes = BATCH_HEADER_BYTES;
  let timestampMs = -1;
  let timestamp = 0n;
  for (let index = 0; index < batch.count; index++) {
    const sequence = batch.sequence + index;
    const createdMs = createdMsOf(batch, index);
    if (createdMs !== timestampMs) {
      timestampMs = createdMs;
      timestamp = BigInt(createdMs);
    }
    const key = Buffer.from(eventKey(run, partition, sequence), "latin1");
    const value = source.value(partition, sequence, createdMs);
    bytes += RECORD_OVERHEAD_BYTES + key.length + value.length;
    messages.push({ topic, partition, key, value, timestamp });
  }
  return { messages, bytes };
}
