import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { FaultlineError } from "../contract/errors.ts";
import type { BenchStack } from "./bench-stack.ts";
import type { BenchProcess } from "./child-process.ts";
import { applied, quote } from "./database.ts";
import { type SinkJobOptions, startSinkJob, startStagingJob } from "./job-process.ts";
import { checkInterrupted } from "./options.ts";
import type { Sample } from "./warm-rate.ts";

const POLL_MS = 100;
/** A job that has not stored a row for so long never will. */
const STALL_MS = 120_000;

/** Lets our job drain the topic until `total` records are applied, then kills it. */
export async function drainBySink(
  target: BenchStack,
  client: pg.Client,
  options: SinkJobOptions,
  total: number,
  onSample: (sample: Sample) => void,
): Promise<Sample[]> {
  const job = startSinkJob(target, options);
  return drain(target, job, total, onSample, async () => ({
    atMs: performance.now(),
    rows: (await applied(client, target.pipeline)).records,
  }));
}

/** Lets the peer drain at least `total` rows; each committed batch is a sample. */
export async function drainByStaging(
  target: BenchStack,
  client: pg.Client,
  options: { rewrite: boolean; batchOffsets: number },
  total: number,
  onSample: (sample: Sample) => void,
): Promise<Sample[]> {
  await client.query(`DROP TABLE IF EXISTS ${quote(stagingTable(target))}`);
  let last: Sample = { atMs: performance.now(), rows: 0 };
  const job = startStagingJob(target, {
    ...options,
    untilRows: total,
    onBatch: (line) => {
      last = { atMs: line.at_ms - performance.timeOrigin, rows: line.inserted };
    },
  });
  return drain(target, job, total, onSample, async () => last);
}

export function stagingTable({ pipeline }: BenchStack): string {
  return `${pipeline.table}_staging`;
}

async function drain(
  target: BenchStack,
  job: BenchProcess,
  total: number,
  onSample: (sample: Sample) => void,
  look: () => Promise<Sample>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  let progressMs = performance.now();
  try {
    for (;;) {
      checkInterrupted(target.bench);
      const sample = await look();
      if (sample.rows > (samples.at(-1)?.rows ?? -1)) {
        samples.push(sample);
        progressMs = performance.now();
        onSample(sample);
      }
      if (sample.rows >= total) return samples;
      job.checkAlive();
      if (job.hasEnded)
        throw new FaultlineError("FL_NODE_FAILED", `${job.name} ended by itself at ${sample.rows} of ${total} rows`);
      if (performance.now() - progressMs > STALL_MS)
        throw new FaultlineError(
          "FL_NOT_READY",
          `${job.name}: no row for ${STALL_MS / 1_000} s, at ${sample.rows} of ${total} rows; ${job.lastWords}`,
        );
      await sleep(POLL_MS);
    }
  } finally {
    await job.kill();
  }
}
