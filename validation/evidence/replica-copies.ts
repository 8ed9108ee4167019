import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "@platformatic/kafka";
import { z } from "zod";
import { fetchRecords } from "../read/fetch.ts";
import type { LogRange } from "../read/kafka-log.ts";
import { openAdmin } from "../read/open-admin.ts";
import type { Question } from "../source/question.ts";
import { BatchDigests } from "../witness/batch-digests.ts";

const FETCH_BYTES = 4 * 1024 * 1024;
/** `giveUpMs`: a follower that gives nothing more for so long is not compared. */
const LIMITS = { timeoutMs: 3_000, retryMs: 200, giveUpMs: 10_000 };
type Limits = typeof LIMITS;
const CLIENT_ID = "faultline-validation";

const bucketDigest = z.strictObject({ from: z.int(), batches: z.int(), digest: z.int() });
/** One follower's copy of a partition, as far as it was read. `damaged`: offsets of batches that do not fit their own CRC. */
const copy = z.strictObject({
  broker: z.int(),
  partition: z.int(),
  read_to: z.int(),
  /** Why it was not read up to the end. */
  failure: z.string().nullable(),
  damaged: z.array(z.int()),
  buckets: z.array(bucketDigest),
});
const replicaCopies = z.strictObject({
  copies: z.array(copy),
  /** Copies that were not asked for, since their broker had not answered for another one. */
  skipped: z.array(z.strictObject({ broker: z.int(), partitions: z.int() })),
  /** Why nobody says where the copies are. */
  problem: z.string().nullable(),
});
/** `address`: undefined if the cluster does not know the broker now. */
type Broker = { id: number; address: { host: string; port: number } | undefined };
type ReplicaCopy = z.infer<typeof copy>;
export type ReplicaCopies = z.infer<typeof replicaCopies>;

/**
 * Reads every partition once more from each of its followers. A consumer may fetch from a follower since Kafka 2.4 (KIP-392, Fetch version 11 and
 * later); it gets what lies below the follower's high watermark. @param ranges what was read of the leaders.
 */
export function replicaQuestion(
  ranges: readonly LogRange[],
  signal: AbortSignal,
  limits: Limits = LIMITS,
): Question<ReplicaCopies> {
  return {
    name: "kafka.replicas",
    schema: replicaCopies,
    ask: ({ brokers, topic }) => readCopies(brokers, topic, ranges, signal, limits),
  };
}

async function readCopies(
  brokers: string[],
  topic: string,
  ranges: readonly LogRange[],
  signal: AbortSignal,
  limits: Limits,
): Promise<ReplicaCopies> {
  const read: ReplicaCopies = { copies: [], skipped: [], problem: null };
  let followers: Map<Broker, LogRange[]>;
  try {
    followers = await followersOf(brokers, topic, ranges, limits);
  } catch (error) {
    return { ...read, problem: (error as Error).message };
  }
  await Promise.all(
    [...followers].map(async ([broker, logs]) => {
      for (const [index, log] of logs.entries()) {
        const one = await readCopy(broker, topic, log, signal, limits);
        read.copies.push(one);
        if (one.failure === null) continue;
        const partitions = logs.length - index - 1;
        if (partitions > 0) read.skipped.push({ broker: broker.id, partitions });
        return;
      }
    }),
  );
  return read;
}

async function followersOf(
  brokers: string[],
  topic: string,
  leaders: readonly LogRange[],
  { timeoutMs }: Limits,
): Promise<Map<Broker, LogRange[]>> {
  const admin = openAdmin(brokers, timeoutMs);
  try {
    const metadata = await admin.metadata({ topics: [topic] });
    const described = metadata.topics.get(topic);
    const known = new Map<number, Broker>([...metadata.brokers].map(([id, address]) => [id, { id, address }]));
    const found = new Map<Broker, LogRange[]>();
    for (const log of leaders) {
      const partition = described?.partitions[log.partition];
      for (const id of partition?.replicas.filter((replica) => replica !== partition.leader) ?? []) {
        const broker = known.get(id) ?? { id, address: undefined };
        known.set(id, broker);
        found.set(broker, [...(found.get(broker) ?? []), log]);
      }
    }
    return found;
  } finally {
    await admin.close().catch(() => undefined);
  }
}

async function readCopy(
  broker: Broker,
  topic: string,
  log: LogRange,
  signal: AbortSignal,
  limits: Limits,
): Promise<ReplicaCopy> {
  const { retryMs, giveUpMs } = limits;
  const { partition, start, end } = log;
  const { id, address } = broker;
  if (address === undefined)
    return {
      broker: id,
      partition,
      read_to: start,
      failure: "the cluster does not know this broker",
      damaged: [],
      buckets: [],
    };
  const digests = new BatchDigests(start, end);
  const damaged: number[] = [];
  let connection: Connection | undefined;
  let failure = "it gives no records";
  let progressMs = performance.now();
  try {
    while (digests.next < end && performance.now() - progressMs <= giveUpMs) {
      signal.throwIfAborted();
      try {
        connection ??= await connect(address, limits);
        const { errorCode, records } = await fetchRecords(connection, topic, partition, digests.next, FETCH_BYTES);
        if (errorCode !== 0) throw new Error(`Kafka's error code ${errorCode}`);
        const before = digests.next;
        damaged.push(...digests.add(records, true));
        if (digests.next > before) progressMs = performance.now();
        else await sleep(retryMs);
      } catch (error) {
        failure = (error as Error).message;
        await connection?.close().catch(() => undefined);
        connection = undefined;
        await sleep(retryMs);
      }
    }
  } finally {
    await connection?.close().catch(() => undefined);
  }
  const isWhole = digests.next >= end;
  return {
    broker: id,
    partition,
    read_to: digests.next,
    failure: isWhole ? null : failure,
    damaged,
    buckets: digests.finish(),
  };
}

async function connect({ host, port }: { host: string; port: number }, { timeoutMs }: Limits): Promise<Connection> {
  const connection = new Connection(CLIENT_ID, { connectTimeout: timeoutMs, requestTimeout: timeoutMs });
  connection.on("error", () => undefined);
  await connection.connect(host, port);
  return connection;
}
