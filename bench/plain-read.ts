import { eventNumber } from "../contract/event.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import type { Stack } from "../contract/stack.ts";
import { to as copyTo } from "pg-copy-streams";
import { KafkaLog, type LogRange } from "../validation/read/kafka-log.ts";
import { lastOffset } from "../validation/read/record-batch.ts";
import type { BenchStack } from "./bench-stack.ts";
import { connect, quote } from "./database.ts";

/** How much was read, and how long it took. */
export type PlainRead = { events: number; ms: number };

/** Reads the whole log once and looks at nothing but where each batch ends: `sessions` partitions at once. */
export async function readLogPlainly({ bench, stack, pipeline }: BenchStack, sessions: number): Promise<PlainRead> {
  const log = new KafkaLog(stack.bootstrap_servers, pipeline.topic);
  try {
    const ranges = await log.ranges();
    const beganMs = performance.now();
    await inSessions(sessions, ranges, (range) => log.read(range, skipTo(range), bench.signal));
    const ms = performance.now() - beganMs;
    return { events: ranges.reduce((sum, { start, end }) => sum + end - start, 0), ms };
  } finally {
    await log.close();
  }
}

/** Copies all rows of the pipeline's tables to the client, which throws them away; each table is cut into parts by the partition. */
export async function copyTablesPlainly(stack: Stack, pipeline: Pipeline, sessions: number): Promise<PlainRead> {
  const clients = await Promise.all(Array.from({ length: sessions }, () => connect(stack)));
  try {
    const { event } = pipeline.identity;
    const parts = Array.from({ length: pipeline.partitions }, (_, partition) => [
      `SELECT * FROM ${quote(pipeline.table)} WHERE ${quote(event)} >= ${eventNumber(partition, 0)} AND ${quote(event)} < ${eventNumber(partition + 1, 0)}`,
      ...pipeline.aggregates.map(({ table }) => `SELECT * FROM ${quote(table)} WHERE shard = ${partition}`),
    ]);
    const counted = await clients[0]?.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${quote(pipeline.table)}`);
    const beganMs = performance.now();
    const idle = [...clients];
    await inSessions(sessions, parts, async (queries) => {
      const client = idle.pop() as (typeof clients)[0];
      for (const query of queries)
        for await (const chunk of client.query(copyTo(`COPY (${query}) TO STDOUT`))) void chunk;
      idle.push(client);
    });
    return { events: Number(counted?.rows[0]?.rows), ms: performance.now() - beganMs };
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}

function skipTo({ end }: LogRange): (batches: Buffer, position: number) => number {
  return (batches, position) => Math.min(lastOffset(batches, position), end);
}

async function inSessions<T>(sessions: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: sessions }, async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
    }),
  );
}
