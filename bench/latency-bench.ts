import type pg from "pg";
import { FaultlineError } from "../contract/errors.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import { waitUntil } from "../machine/clock.ts";
import { startProducer, stopProducer } from "../platform/local/stack/producer.ts";
import { type BenchStack, withBenchStack } from "./bench-stack.ts";
import type { BenchProcess } from "./child-process.ts";
import { applied, connect, emptyTables, generation, quote } from "./database.ts";
import { FlushProbe, percentile } from "./flush-probe.ts";
import { type SinkJobOptions, startSinkJob } from "./job-process.ts";
import { judgeLatency, type LatencyBenchResult, type LatencyRow } from "./latency-result.ts";
import { busyCores, describeMachine } from "./machine.ts";
import { type BenchOptions, checkInterrupted, chooseOnly, resolveBench, wholeNumber } from "./options.ts";
import { saveResult } from "./result-file.ts";
import { fillTopic, readProducerStatus } from "./topic-fill.ts";

const VARIANTS = {
  realtime: { title: "this sink, Real-time Mode", trigger: "realtime", aggregates: false },
  "realtime-aggregates": { title: "this sink, Real-time Mode, with aggregates", trigger: "realtime", aggregates: true },
  "realtime-asynchronous": {
    title: "this sink, Real-time Mode, synchronousCommit=off",
    trigger: "realtime",
    aggregates: false,
    synchronousCommit: false,
  },
  "micro-batch": { title: "this sink, micro-batches as fast as possible", trigger: "micro-batch", aggregates: false },
} as const satisfies Record<string, SinkJobOptions & { title: string }>;
type VariantId = keyof typeof VARIANTS;
export const LATENCY_VARIANT_IDS = Object.keys(VARIANTS) as VariantId[];

export type LatencyBenchOptions = BenchOptions & {
  /** Of the measured window. Default 60,000. */
  durationMs?: number;
  /** Before it, with the same load. Default 15,000. */
  warmUpMs?: number;
  /** Events per second. Default 5,000. */
  rate?: number;
  /** Only these variants (LATENCY_VARIANT_IDS). Default: all. */
  only?: readonly string[];
};

/** At full speed before the warm-up: compilers of brokers and job see in seconds what they would see in minutes at a low rate. */
const BURST_EVENTS = 300_000;
/** Once, before the first variant: at so many small requests the brokers' own compilers need this time to be done. */
const BROKER_WARM_UP_MS = 45_000;
/** How long the producer's batches wait for more events: fewer requests, each of which costs three brokers' time on this machine. */
const LINGER_MS = 10;
/** More events behind than of so many seconds: the job has not caught up yet. */
const CAUGHT_UP_S = 5;
const READY_TIMEOUT_MS = 120_000;

/**
 * Produces at a fixed rate and measures, for every row created in the window, the time from its creation to its commit
 * (`pg_xact_commit_timestamp`). The producer's clock gives events their birth times, sent or not, so a stall is not left out.
 * @throws FaultlineError FL_USAGE; FL_NOT_READY when the job does not keep up; FL_NODE_FAILED also when rows are missing; FL_INTERRUPTED.
 */
export async function benchLatency(options: LatencyBenchOptions): Promise<LatencyBenchResult> {
  const durationMs = wholeNumber("duration in ms", options.durationMs ?? 60_000, 1_000);
  const warmUpMs = wholeNumber("warm-up in ms", options.warmUpMs ?? 15_000, 0);
  const rate = wholeNumber("rate", options.rate ?? 5_000, 1);
  const ids = chooseOnly(LATENCY_VARIANT_IDS, options.only);
  const bench = resolveBench(options);
  const createdColumn = creationColumn(bench.pipeline);
  const busyBefore = await busyCores(bench.say);
  return withBenchStack(bench, async (target) => {
    const client = await connect(target.stack);
    try {
      await checkTracking(client);
      await emptyTables(client, target.pipeline);
      const rows: LatencyRow[] = [];
      for (const [index, id] of ids.entries()) {
        const load = { durationMs, warmUpMs: warmUpMs + (index === 0 ? BROKER_WARM_UP_MS : 0), rate, createdColumn };
        rows.push(await measure(target, client, id, load));
      }
      const result: LatencyBenchResult = {
        version: 2,
        kind: "latency",
        atMs: Date.now(),
        machine: describeMachine(target.stack, busyBefore),
        pipeline: target.pipeline.name,
        eventsPerSecond: rate,
        brokerWarmUpMs: BROKER_WARM_UP_MS,
        burstEvents: BURST_EVENTS,
        lingerMs: LINGER_MS,
        warmUpMs,
        durationMs,
        rows,
        targets: judgeLatency(rows),
      };
      return { ...result, file: saveResult(bench.root, result) };
    } finally {
      await client.end().catch(() => {});
    }
  });
}

function creationColumn(pipeline: Pipeline): string {
  const field = pipeline.fields.find((item) => item.generate === "now");
  if (field === undefined)
    throw new FaultlineError(
      "FL_PIPELINE_INVALID",
      `pipeline ${pipeline.name} has no field with "generate: now", so an event's creation time is unknown`,
      { remedy: "use pipelines/payments.yaml, or add such a field" },
    );
  return field.name;
}

async function checkTracking(client: pg.Client): Promise<void> {
  const result = await client.query<{ track: string }>("SELECT current_setting('track_commit_timestamp') AS track");
  if (result.rows[0]?.track !== "on")
    throw new FaultlineError(
      "FL_CONFIG_INVALID",
      "PostgreSQL runs with track_commit_timestamp = off: commit times are unknown",
    );
}

type Load = { durationMs: number; warmUpMs: number; rate: number; createdColumn: string };

async function measure(target: BenchStack, client: pg.Client, id: VariantId, load: Load): Promise<LatencyRow> {
  const { bench, stack, pipeline } = target;
  const { title, ...options } = VARIANTS[id];
  bench.say(`${id}: starting`);
  const generationBefore = await generation(client, pipeline);
  const job = startSinkJob(target, options);
  const probeClient = await connect(stack);
  const probe = new FlushProbe(probeClient);
  try {
    // It claims the table when Spark is up: events before that would only be a backlog to work off.
    await until(
      target,
      job,
      `${id}: the job's start`,
      async () => (await generation(client, pipeline)) > generationBefore,
    );
    await fillTopic(target, (readProducerStatus(stack.run_directory)?.attempted ?? 0) + BURST_EVENTS);
    const startedMs = Date.now();
    await startProducer(bench.stateDir, { rate: load.rate, lingerMs: LINGER_MS });
    await until(target, job, `${id}: the job catches up`, async () => {
      const status = readProducerStatus(stack.run_directory);
      const { records } = await applied(client, pipeline);
      return (
        status !== undefined &&
        status.at_ms > startedMs &&
        status.state === "producing" &&
        status.acknowledged - records < CAUGHT_UP_S * load.rate
      );
    });
    bench.say(
      `${id}: has worked off the burst; ${load.warmUpMs / 1_000} s warm-up, then ${load.durationMs / 1_000} s measured`,
    );
    await pauseWhile(target, job, load.warmUpMs);
    await probe.start();
    const throttledBefore = readProducerStatus(stack.run_directory)?.throttled ?? 0;
    const fromMs = Date.now();
    await pauseWhile(target, job, load.durationMs);
    const toMs = fromMs + load.durationMs;
    const flushMs = await probe.stop();
    await stopProducer(bench.stateDir);
    const status = readProducerStatus(stack.run_directory);
    if (status === undefined || status.indeterminate > 0)
      throw new FaultlineError("FL_NODE_FAILED", `${id}: the producer did not end in order`);
    await until(
      target,
      job,
      `${id}: the last rows`,
      async () => (await applied(client, pipeline)).records >= status.acknowledged,
    );
    await checkCount(client, pipeline, id, status.acknowledged);
    const row: LatencyRow = {
      id,
      title,
      ...(await latencies(client, pipeline, load.createdColumn, fromMs, toMs)),
      throttled: status.throttled - throttledBefore,
      flushP50Ms: percentile(flushMs, 0.5),
      flushP99Ms: percentile(flushMs, 0.99),
    };
    bench.say(
      `${id}: p50 ${row.p50Ms.toFixed(1)} ms, p99 ${row.p99Ms.toFixed(1)} ms over ${row.rows.toLocaleString("en-US")} rows`,
    );
    return row;
  } finally {
    await job.kill();
    await stopProducer(bench.stateDir);
    await probe.stop().catch(() => {});
    await probeClient.end().catch(() => {});
  }
}

async function latencies(client: pg.Client, pipeline: Pipeline, createdColumn: string, fromMs: number, toMs: number) {
  const result = await client.query<{ rows: number; percentiles: number[]; max: number }>(
    `SELECT count(*)::int AS rows, percentile_disc(ARRAY[0.5, 0.9, 0.99, 0.999]) WITHIN GROUP (ORDER BY ms) AS percentiles, max(ms) AS max
     FROM (SELECT (extract(epoch FROM pg_xact_commit_timestamp(xmin) - ${quote(createdColumn)}) * 1000)::float8 AS ms
           FROM ${quote(pipeline.table)} WHERE ${quote(createdColumn)} >= $1 AND ${quote(createdColumn)} < $2) AS stored`,
    [new Date(fromMs).toISOString(), new Date(toMs).toISOString()],
  );
  const found = result.rows[0];
  if (found === undefined || found.rows === 0)
    throw new FaultlineError("FL_NODE_FAILED", "no row was created in the measured window");
  const [p50Ms = Number.NaN, p90Ms = Number.NaN, p99Ms = Number.NaN, p999Ms = Number.NaN] = found.percentiles;
  return { rows: found.rows, p50Ms, p90Ms, p99Ms, p999Ms, maxMs: found.max };
}

async function checkCount(client: pg.Client, pipeline: Pipeline, name: string, acknowledged: number): Promise<void> {
  const result = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${quote(pipeline.table)}`);
  if (Number(result.rows[0]?.rows) !== acknowledged)
    throw new FaultlineError(
      "FL_NODE_FAILED",
      `${name}: ${acknowledged} events were acknowledged, ${pipeline.table} has ${result.rows[0]?.rows} rows; the measurement is void`,
    );
}

async function until(
  { bench }: BenchStack,
  job: BenchProcess,
  what: string,
  question: () => Promise<boolean>,
): Promise<void> {
  const answered = await waitUntil(READY_TIMEOUT_MS, async () => {
    if (await question()) return true;
    checkInterrupted(bench);
    job.checkAlive();
    return false;
  });
  if (!answered)
    throw new FaultlineError("FL_NOT_READY", `${what}: not within ${READY_TIMEOUT_MS / 1_000} s`, {
      remedy: "a lower rate, or a machine with less to do",
    });
}

async function pauseWhile({ bench }: BenchStack, job: BenchProcess, ms: number): Promise<void> {
  await waitUntil(ms, () => {
    checkInterrupted(bench);
    job.checkAlive();
    return false;
  });
}
