import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import type { JournalRecord } from "../contract/journal.ts";
import { RUN_FILES, runSchema, type ProducerStatus } from "../contract/run.ts";
import type { Sample } from "../contract/sample.ts";
import type { PostgresLogin } from "../contract/stack.ts";
import { BoundedSource, messageOf, type SourceListener } from "./bounded-source.ts";
import { JournalTail, type ActiveFault } from "./journal-tail.ts";
import { KafkaSource } from "./kafka-source.ts";
import { LatencySource } from "./latency-source.ts";
import { isMissing } from "./log-lines.ts";
import { PostgresConnection } from "./postgres-connection.ts";
import { SampleLog } from "./sample-log.ts";
import { askSink } from "./sink-source.ts";

export type SamplerOptions = {
  /** host:port of each broker. */
  brokers: string[];
  topic: string;
  partitions: number;
  /** The pipeline's table: target in sink_offsets, and where rows are measured. */
  target: string;
  /** The timestamp field whose generator is `now`; undefined: latency stays unknown. */
  createdColumn: string | undefined;
  identity: { run: string; event: string };
  postgres: PostgresLogin;
  runDirectory: string;
  intervalMs?: number;
  /** `records`: what was added to the fault journal since the sample before (since the start, for the first). */
  onSample?: (sample: Sample, seen: { active: ActiveFault[]; records: JournalRecord[] }) => void;
  /** Told when a source stops answering, and when it answers again. */
  onSource?: SourceListener;
};

export type Sampler = { stop(): Promise<void> };

/** The part of an interval in which sources may answer; what comes later is unknown in this sample. */
const ANSWER_SHARE = 0.8;
/** A status file older than this was left by a producer that is gone or stopped: its counts hold, its backlog says nothing. */
const STATUS_FRESH_MS = 3_000;

/**
 * Begins to write `samples.ndjson` in the run directory: one line per interval, on time, whatever hangs or is dead.
 * A sample's `at_ms` is the time at which its last source had answered or was given up: what it says was true at that time or up to 0.8 intervals before.
 * @throws FaultlineError FL_RUN_MISSING when the run directory has no readable run.json; afterwards nothing throws.
 */
export async function startSampler(options: SamplerOptions): Promise<Sampler> {
  const { topic, partitions, target, runDirectory, intervalMs = 1_000, onSource } = options;
  const run = await readRunNumber(runDirectory);
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
    producer: new BoundedSource("producer status", () => readStatus(join(runDirectory, RUN_FILES.producerStatus)), onSource),
    journal: new BoundedSource("fault journal", () => journal.read(), onSource),
  };
  const startedMs = Date.now();
  // A journal that can't be read does not end the faults that it told of.
  let active: ActiveFault[] = [];

  const takeSample = async (): Promise<void> => {
    const deadlineMs = intervalMs * ANSWER_SHARE;
    const [ofKafka, ofSink, ofLatency, status, ofJournal] = await Promise.all([
      sources.kafka.sample(deadlineMs),
      sources.sink.sample(deadlineMs),
      sources.latency?.sample(deadlineMs) ?? null,
      sources.producer.sample(deadlineMs),
      sources.journal.sample(deadlineMs),
    ]);
    const atMs = Date.now();
    if (ofLatency !== null) latency?.accept(ofLatency);
    active = ofJournal?.active ?? active;
    const logEnd = ofKafka?.logEnds ? sum(ofKafka.logEnds) : null;
    const next = ofSink?.nextOffsets ?? null;
    const sample: Sample = {
      at_ms: atMs,
      attempted: status?.attempted ?? null,
      acknowledged: status?.acknowledged ?? null,
      backlog: status && atMs - status.at_ms <= STATUS_FRESH_MS ? status.backlog : null,
      log_end: logEnd,
      under_replicated: ofKafka?.underReplicated ?? null,
      rows: ofSink?.rows ?? null,
      dead_letters: ofSink?.deadLetters ?? null,
      duplicates: ofSink?.duplicates ?? null,
      // The sink may have moved on between the two questions; a lag below zero is that and nothing else.
      lag: logEnd === null || next === null ? null : Math.max(0, logEnd - sum(next)),
      latency_p50_ms: ofLatency?.p50Ms ?? null,
      latency_p99_ms: ofLatency?.p99Ms ?? null,
      next_offsets: next,
      faults: active.map((fault) => fault.id),
    };
    await log.append(sample);
    options.onSample?.(sample, { active, records: ofJournal?.records.filter((record) => record.at_ms >= startedMs) ?? [] });
  };

  const stopTicking = tick(intervalMs, takeSample, (error) => onSource?.("sample log", messageOf(error)));
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

function latencySource(options: SamplerOptions, run: number, connection: PostgresConnection): LatencySource | undefined {
  const { createdColumn, target, identity, partitions } = options;
  if (createdColumn === undefined) return undefined;
  return new LatencySource(connection, { table: target, run, runColumn: identity.run, eventColumn: identity.event, createdColumn, partitions });
}

async function readRunNumber(runDirectory: string): Promise<number> {
  const path = join(runDirectory, RUN_FILES.run);
  try {
    return runSchema.parse(JSON.parse(await readFile(path, "utf8"))).run;
  } catch (error) {
    throw new FaultlineError("FL_RUN_MISSING", `${path} can't be read as a run: ${messageOf(error)}`, { remedy: "./faultline up begins a run", cause: error });
  }
}

/** @returns null while no producer has written it. */
async function readStatus(path: string): Promise<ProducerStatus | null> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as ProducerStatus;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
