import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { createdMsOf, eventSource } from "../contract/event.ts";
import type { LedgerOpen } from "../contract/ledger.ts";
import { parsePipeline } from "../contract/pipeline.ts";
import { RUN_FILES, type ProducerStatus } from "../contract/run.ts";
import { buildEventBatch } from "./event-batch.ts";
import type { SendOutcome } from "./lane.ts";
import { openLedger } from "./ledger-open.ts";
import { runLanes, type LaneWork } from "./run-lanes.ts";
import { StatusBoard } from "./status.ts";

const PIPELINE_FILE = join(import.meta.dirname, "../pipelines/payments.yaml");
const RUN = 5;
const SEED = 7;

/** `isDeaf`: looks for requests elsewhere, as a producer that knows of none. */
export type ProducerDemand = { rate: number; untilTotal?: number; untilMs?: number; isDeaf?: boolean };
export type RunningProducer = { /** As SIGTERM does; returns at its end. */ stop: () => Promise<void>; ended: Promise<void> };

/** A run directory, and a log per partition, which outlive producers. Only the brokers are not real. */
export class BrokerlessWorld {
  readonly directory: string;
  readonly #pipeline = parsePipeline(readFileSync(PIPELINE_FILE, "utf8"), PIPELINE_FILE);
  readonly logs: { sequence: number; createdMs: number }[][] = Array.from({ length: this.#pipeline.partitions }, () => []);
  /** What a broker does before it appends and acknowledges. */
  broker: () => Promise<unknown> = () => sleep(3);
  readonly #producers: RunningProducer[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async #make(): Promise<BrokerlessWorld> {
    const world = new BrokerlessWorld(await mkdtemp(join(tmpdir(), "faultline-brokerless-")));
    await copyFile(PIPELINE_FILE, world.file("pipeline"));
    return world;
  }

  /** Tells a story in a new world. Each has its own producers, so that stories can wait side by side. */
  static async tell(story: (world: BrokerlessWorld) => Promise<void>): Promise<void> {
    const world = await BrokerlessWorld.#make();
    try {
      await story(world);
    } finally {
      await world.#destroy();
    }
  }

  async #destroy(): Promise<void> {
    this.broker = async () => {};
    for (const producer of this.#producers) await producer.stop();
    await rm(this.directory, { recursive: true });
  }

  file(name: keyof typeof RUN_FILES): string {
    return join(this.directory, RUN_FILES[name]);
  }

  get ledgerBytes(): number {
    return statSync(this.file("ledger")).size;
  }

  /** Undefined before there is one. */
  get status(): ProducerStatus | undefined {
    try {
      return JSON.parse(readFileSync(this.file("producerStatus"), "utf8")) as ProducerStatus;
    } catch {
      return undefined;
    }
  }

  /** Waits for a status, and says the last one when it does not come. */
  async until(isReached: (status: ProducerStatus) => boolean): Promise<void> {
    const end = performance.now() + 12_000;
    for (;;) {
      const { status } = this;
      if (status !== undefined && isReached(status)) return;
      if (performance.now() > end) throw new Error(`the producer stays ${JSON.stringify(status)}`);
      await sleep(20);
    }
  }

  /** Bytes that the ledger gets in a while: longer than a producer's look at the request, and than its status is old. */
  async ledgerGrowth(): Promise<number> {
    const before = this.ledgerBytes;
    await sleep(900);
    return this.ledgerBytes - before;
  }

  /** Starts a producer: what `runProducer` does once the topic is ready. */
  async start(demand: ProducerDemand): Promise<RunningProducer> {
    const opening: LedgerOpen = {
      t: "open",
      version: 1,
      run: RUN,
      seed: SEED,
      malformed_ppm: 0,
      pipeline: this.#pipeline.name,
      pipeline_sha256: createHash("sha256").update(readFileSync(PIPELINE_FILE)).digest("hex"),
      topic: this.#pipeline.topic,
      partitions: this.#pipeline.partitions,
      pid: process.pid,
      at_ms: Date.now(),
    };
    const ledger = await openLedger(this.file("ledger"), opening);
    const status = new StatusBoard(this.file("producerStatus"), Date.now);
    status.load(ledger.replay.lanes);
    status.start();
    const source = eventSource(this.#pipeline, { run: RUN, seed: SEED, malformedPpm: 0 });
    const stop = new AbortController();
    const { rate, untilTotal, untilMs, isDeaf = false } = demand;
    const runDir = isDeaf ? join(this.directory, "elsewhere") : this.directory;
    const work: LaneWork = {
      options: { runDir, rate, untilTotal, untilMs, batchMax: 100, lingerMs: 2, backlogMax: 10_000, drainMs: 2_000 },
      ledger,
      status,
      build: (partition, batch) => buildEventBatch(source, RUN, opening.topic, partition, batch),
      bytesMax: 1_000_000,
      openChannel: async (partition) => ({
        worn: false,
        close: () => {},
        send: async (batch): Promise<SendOutcome> => {
          await this.broker();
          const log = this.logs[partition] as (typeof this.logs)[0];
          const offset = log.length;
          for (let index = 0; index < batch.count; index++) log.push({ sequence: batch.sequence + index, createdMs: createdMsOf(batch, index) });
          return { kind: "ack", offset };
        },
      }),
      nowMs: Date.now,
      log: pino({ level: "silent" }),
      stop: stop.signal,
    };
    const live = async () => {
      try {
        await runLanes(work);
        await ledger.writer.close({ t: "close", at_ms: Date.now() });
        status.state = "done";
      } finally {
        await status.stop();
      }
    };
    const ended = live();
    const producer = {
      ended,
      stop: async () => {
        stop.abort();
        await ended;
      },
    };
    this.#producers.push(producer);
    return producer;
  }
}
