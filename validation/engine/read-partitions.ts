import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { RunServers } from "../source/run-servers.ts";
import type { PartitionReading, PartitionTask } from "./partition-reading.ts";
import type { OnRead, RunContext } from "./read-partition.ts";
import { PartitionReader } from "./read-partition.ts";
import type { FromWorker, ToWorker, WorkerData } from "./serve-partitions.ts";

/** A thread pays from about so many records on. */
const RECORDS_PER_THREAD = 50_000;

/** A thread, as far as it is used here. */
export type Thread = {
  postMessage(message: ToWorker): void;
  on(event: "message", take: (message: FromWorker) => void): unknown;
  on(event: "error", take: (error: Error) => void): unknown;
  on(event: "exit", take: (code: number) => void): unknown;
  terminate(): unknown;
};
/** How many threads there may be at most, and how one is started. */
export type Threads = { most: number; start: (data: WorkerData) => Thread };

export function startThread(workerData: WorkerData): Thread {
  // Short-lived texts are the garbage here: a small young generation keeps the memory of a thread small.
  const resourceLimits = { maxYoungGenerationSizeMb: 16 };
  return new Worker(new URL("./partition-worker.ts", import.meta.url), { workerData, resourceLimits });
}

/**
 * Reads the partitions, several at once if that pays, and gives each reading to `onReading` as soon as it is there.
 * @throws errors that say nothing about a source; what is wrong with a source stands in the reading.
 */
export async function readPartitions(
  context: RunContext,
  servers: Pick<RunServers, "place" | "partitions">,
  tasks: readonly PartitionTask[],
  on: { reading: (reading: PartitionReading) => void; read: OnRead; signal: AbortSignal },
  { most, start }: Threads = { most: availableParallelism(), start: startThread },
): Promise<void> {
  const records = tasks.reduce((sum, { range }) => sum + (range === undefined ? 0 : range.end - range.start), 0);
  const threads = Math.min(most, tasks.length, Math.floor(records / RECORDS_PER_THREAD));
  const left = [...tasks];
  const { place } = servers;
  if (threads <= 1 || place === undefined) return inThisThread(context, servers, left, on);
  const { pipeline, settings, topic } = context;
  const workerData: WorkerData = {
    pipeline,
    settings,
    topic,
    place,
    batches: context.batches.map((item) => item.share()),
  };
  // If one thread fails, nobody wants what the others would still read.
  const failed = new AbortController();
  const signal = AbortSignal.any([on.signal, failed.signal]);
  const inOne = async (): Promise<void> => {
    try {
      await inThread(start(workerData), left, { ...on, signal });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  await Promise.all(Array.from({ length: threads }, inOne));
}

async function inThisThread(
  context: RunContext,
  servers: Pick<RunServers, "place" | "partitions">,
  left: PartitionTask[],
  on: Parameters<typeof readPartitions>[3],
): Promise<void> {
  const source = servers.partitions();
  try {
    const reader = new PartitionReader(context, source);
    for (let task = left.shift(); task !== undefined; task = left.shift())
      on.reading(await reader.read(task, on.signal, on.read));
  } finally {
    await source.close();
  }
}

/** One thread, which takes the next partition that nobody has taken. */
async function inThread(
  worker: Thread,
  left: PartitionTask[],
  on: Parameters<typeof readPartitions>[3],
): Promise<void> {
  const stop = () => void worker.terminate();
  on.signal.addEventListener("abort", stop);
  try {
    await new Promise<void>((resolve, reject) => {
      let task: ToWorker | undefined;
      const next = () => {
        task = left.shift() ?? "end";
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(task);
      };
      worker.on("message", (message: FromWorker) => {
        if (!("reading" in message)) return on.read(message);
        on.reading(message.reading);
        next();
      });
      worker.on("error", reject);
      worker.on("exit", (code) => {
        if (on.signal.aborted) reject(on.signal.reason as Error);
        else if (task === "end") resolve();
        else reject(new Error(`a thread of the validator ended with code ${code} in the middle of a partition`));
      });
      if (on.signal.aborted) stop();
      next();
    });
  } finally {
    on.signal.removeEventListener("abort", stop);
  }
}
