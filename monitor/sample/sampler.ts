import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import writeFileAtomic from "write-file-atomic";
import { isActive, type FaultHistory } from "../../contract/fault-history.ts";
import type { Health } from "../../contract/health.ts";
import { parseRun, producerStatusSchema, RUN_FILES, type ProducerStatus } from "../../contract/run.ts";
import { parseJsonFile } from "../../contract/parse-file.ts";
import { type Sample, UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { BoundedSource, messageOf, type SourceListener } from "../sources/bounded-source.ts";
import { JournalTail } from "../sources/journal-tail.ts";
import { KafkaSource } from "../sources/kafka-source.ts";
import { LatencySource } from "../sources/latency-source.ts";
import { PostgresConnection } from "../sources/postgres-connection.ts";
import { HealthKeeper } from "./health-keeper.ts";
import { SampleLog } from "./sample-log.ts";
import { askSink } from "../sources/sink-source.ts";

export type SamplerOptions = {
  /** host:port of each broker. */
  brokers: string[];
  topic: string;
  partitions: number;
  /** The pipeline's table: target in sink_offsets, and where rows are measured. */
  target: string;
  /** The timestamp field whose generator is `now`. Undefined: latency stays unknown. */
  createdColumn: string | undefined;
  identity: { run: string; event: string };
  postgres: PostgresLogin;
  runDirectory: string;
  intervalMs?: number;
  /** Called when a source stops answering, and when it answers again. */
  onSource?: SourceListener;
  /** Called with each sample when it is on disk, the health that goes with it, and all faults of the journal so far. It must not throw. */
  onSample?: (sample: Sample, health: Health, faults: readonly FaultHistory[]) => void;
};

export type Sampler = { stop(): Promise<void> };

/** The part of an interval in which sources may answer; later answers are unknown in this sample. */
const ANSWER_SHARE = 0.8;
/** A sample that took longer, because this process was stopped or starved meanwhile, is left out: its figures are older than its time says. */
const MAXIMUM_MS = 1_000;
/** An older status file is of a producer that is gone or stopped: its counts are right, its backlog is unknown. */
const STATUS_FRESH_MS = 3_000;

/**
 * Starts to write `samples.ndjson` in the run directory: one line per interval, on time, even if a source hangs or is dead. A sample's `at_ms`
 * is when its last source had answered or was given up. Its figures were true then, or up to 1 s before. A time without samples stays a gap.
 * @throws FaultlineError FL_RUN_MISSING when the run directory has no run.json, FL_CONFIG_INVALID when this build can't read it; afterwards
 *   nothing throws.
 */
export async function startSampler(options: SamplerOptions): Promise<Sampler> {
  const { topic, partitions, target, runDirectory, intervalMs = 1_000, onSource, onSample } = options;
  const run = await readRunNumber(runDirectory);
  const healthFile = join(runDirectory, RUN_FILES.health);
  const log = await SampleLog.open(join(runDirectory, RUN_FILES.samples));

  const kafka = new KafkaSource(options.brokers, topic, partitions);
  const sinkConnection = new PostgresConnection(options.postgres, "faultline sampler");
  const latencyConnection = new PostgresConnection(options.postgres, "faultline latency");
  const latency = latencySource(options, run, latencyConnection);
  const journal = new JournalTail(join(runDirectory, RUN_FILES.journal));

  const sources = {
    kafka: new BoundedSource("kafka", () => kafka.ask(), onSource),
    sink: new BoundedSource("postgres", () => askSink(sinkConnection, target, topic, partitions), onSource),
    latency: latency && new BoundedSource("latency", () => latency.ask(), onSource),
    producer: new BoundedSource(
      "producer status",
      () => readStatus(join(runDirectory, RUN_FILES.producerStatus)),
      onSource,
    ),
    journal: new BoundedSource("fault journal", () => journal.read(), onSource),
  };
  // A journal that can't be read does not end the faults that it told of.
  let faults: readonly FaultHistory[] = [];
  const keeper = new HealthKeeper(partitions);

  const takeSample = async (): Promise<void> => {
    const deadlineMs = intervalMs * ANSWER_SHARE;
    const startedMs = performance.now();
    const [ofKafka, ofSink, ofLatency, status, ofJournal] = await Promise.all([
      sources.kafka.sample(deadlineMs),
      sources.sink.sample(deadlineMs),
      sources.latency?.sample(deadlineMs) ?? null,
      sources.producer.sample(deadlineMs),
      sources.journal.sample(deadlineMs),
    ]);
    const atMs = Date.now();
    faults = ofJournal?.faults ?? faults;
    const tookMs = performance.now() - startedMs;
    if (tookMs > MAXIMUM_MS) throw new Error(`a sample took ${Math.round(tookMs)} ms and is left out`);
    if (ofLatency !== null) latency?.accept(ofLatency);
    const logEnd = ofKafka?.logEnds ? sum(ofKafka.logEnds) : null;
    const next = ofSink?.nextOffsets ?? null;
    const sample: Sample = {
      ...UNKNOWN_SAMPLE,
      at_ms: atMs,
      attempted: status?.attempted ?? null,
      acknowledged: status?.acknowledged ?? null,
      backlog: status && atMs - status.at_ms <= STATUS_FRESH_MS ? status.backlog : null,
      log_end: logEnd,
      log_ends: ofKafka?.logEnds ?? null,
      under_replicated: ofKafka?.underReplicated ?? null,
      rows: ofSink?.rows ?? null,
      dead_letters: ofSink?.deadLetters ?? null,
      duplicates: ofSink?.duplicates ?? null,
      // The sink may have moved on between the two questions; a lag below zero is that and nothing else.
      lag: logEnd === null || next === null ? null : Math.max(0, logEnd - sum(next)),
      latency_p50_ms: ofLatency?.p50Ms ?? null,
      latency_p99_ms: ofLatency?.p99Ms ?? null,
      next_offsets: next,
      faults: faults.filter(isActive).map((fault) => fault.id),
    };
    const health = keeper.judge(sample);
    await log.append(sample);
    await writeFileAtomic(healthFile, JSON.stringify(health), { fsync: false });
    onSample?.(sample, health, faults);
  };

  const stopTicking = tick(intervalMs, takeSample, (error) => onSource?.("sampler", messageOf(error)));
  return {
    stop: async () => {
      await stopTicking();
      await Promise.all([kafka.close(), sinkConnection.close(), latencyConnection.close(), log.close()]);
    },
  };
}

/** Calls `action` at multiples of the interval since now, never twice at once, and leaves out the times that passed meanwhile. */
function tick(intervalMs: number, action: () => Promise<void>, onError: (error: unknown) => void): () => Promise<void> {
  const start = performance.now();
  let timer: NodeJS.Timeout;
  let stopped = false;
  let running = Promise.resolve();
  const schedule = (): void => {
    const elapsed = performance.now() - start;
    timer = setTimeout(
      () => {
        running = action()
          .catch(onError)
          .then(() => (stopped ? undefined : schedule()));
      },
      intervalMs - (elapsed % intervalMs),
    );
  };
  schedule();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}

function latencySource(
  options: SamplerOptions,
  run: number,
  connection: PostgresConnection,
): LatencySource | undefined {
  const { createdColumn, target, identity, partitions } = options;
  if (createdColumn === undefined) return undefined;
  return new LatencySource(connection, {
    table: target,
    run,
    runColumn: identity.run,
    eventColumn: identity.event,
    createdColumn,
    partitions,
  });
}

async function readRunNumber(runDirectory: string): Promise<number> {
  const path = join(runDirectory, RUN_FILES.run);
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new FaultlineError("FL_RUN_MISSING", `can't read ${path}: ${error.message}`, {
      remedy: "begin a run with `./faultline up`",
      cause: error,
    });
  });
  return parseRun(text, path).run;
}

/** @returns null while no producer has written it. */
async function readStatus(path: string): Promise<ProducerStatus | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return parseJsonFile(producerStatusSchema, text, RUN_FILES.producerStatus, { remedy: "" });
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
