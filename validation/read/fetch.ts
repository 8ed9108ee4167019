import { Connection, createAPI, fetchV12 } from "@platformatic/kafka";
import type { Reader } from "@platformatic/kafka";

/**
 * Kafka's Fetch, version 12 (brokers 2.7 to 4.x; the last one with topic names), for one partition and outside of a fetch session.
 * The library frames the request; the answer's records stay bytes: https://kafka.apache.org/protocol#The_Messages_Fetch.
 */
export type FetchAnswer = { errorCode: number; records: Buffer };

const FETCH = 1;
const VERSION = 12;
const NO_BYTES = Buffer.alloc(0);

function parse(_correlationId: number, _apiKey: number, _apiVersion: number, reader: Reader): FetchAnswer {
  reader.readInt32(); // throttle time
  const errorCode = reader.readInt16();
  reader.readInt32(); // session
  const answer: FetchAnswer = { errorCode, records: NO_BYTES };
  const readTopic = (topic: Reader) => {
    topic.readString();
    topic.readArray(
      (part) => {
        part.readInt32(); // partition
        answer.errorCode ||= part.readInt16();
        part.readInt64(); // high watermark
        part.readInt64(); // last stable offset
        part.readInt64(); // log start
        part.readNullableArray((aborted) => [aborted.readInt64(), aborted.readInt64()]);
        part.readInt32(); // preferred read replica
        // One partition was asked for, so nothing behind its records is of interest.
        const size = Math.max(0, part.readUnsignedVarInt() - 1);
        answer.records = part.buffer.slice(part.position, part.position + size);
      },
      true,
      false,
    );
  };
  reader.readArray(readTopic, true, false);
  return answer;
}

const fetchApi = createAPI<Parameters<typeof fetchV12.createRequest>, FetchAnswer>(
  FETCH,
  VERSION,
  fetchV12.createRequest,
  parse,
);

/** Asks the partition's leader for records from `offset` on; at most about `maxBytes`, at least one batch if there is one. */
export function fetchRecords(
  connection: Connection,
  topic: string,
  partition: number,
  offset: number,
  maxBytes: number,
): Promise<FetchAnswer> {
  const request = {
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: BigInt(offset),
    lastFetchedEpoch: -1,
    partitionMaxBytes: maxBytes,
  };
  const readUncommitted = 0;
  return fetchApi.async(
    connection,
    500,
    1,
    maxBytes,
    readUncommitted,
    0,
    -1,
    [{ topicId: topic, partitions: [request] }],
    [],
    "",
  );
}
