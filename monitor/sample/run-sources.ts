import { join } from "node:path";
import { type DriverStatus, driverStatusFile, leadingDriver } from "../../contract/job.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import { type Answer, BoundedSource, type SourceListener } from "../sources/bounded-source.ts";
import { JournalTail } from "../sources/journal-tail.ts";
import { KafkaSource } from "../sources/kafka-source.ts";
import { LatencySource } from "../sources/latency-source.ts";
import type { MonitoredNode } from "../sources/nodes/node-list.ts";
import { NodeProbes } from "../sources/nodes/node-probes.ts";
import { PostgresConnection } from "../sources/postgres-connection.ts";
import { askSink } from "../sources/sink-source.ts";
import { readDriverStatus, readProducerStatus } from "../sources/status-files.ts";
import { UnstoredRecords } from "../sources/unstored-records.ts";
import type { RunAnswers } from "./run-answers.ts";

export type RunSourcesOptions = {
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
  /** The nodes to ask. @default none */
  nodes?: readonly MonitoredNode[];
  /** Where each driver's status file is. Undefined: what the drivers say is unknown. */
  driverStatusDirectory?: string | undefined;
  /** Called when a source stops answering, and when it answers again. */
  onSource?: SourceListener;
};

type Bounded = { [Name in Exclude<keyof RunAnswers, "ages" | "faults" | "latency">]: SourceOf<RunAnswers[Name]> } & {
  latency: SourceOf<RunAnswers["latency"]> | undefined;
  journal: BoundedSource<Awaited<ReturnType<JournalTail["read"]>>>;
  unstored: BoundedSource<void>;
};
type SourceOf<T> = T extends Answer<infer Value> ? BoundedSource<Value> : never;

/** With less time left it would only come late. */
const SECOND_LOOK_MS = 100;

/** All that a sample asks, each source bounded, all at once. */
export class RunSources {
  readonly #kafka: KafkaSource;
  readonly #unstored: UnstoredRecords;
  readonly #probes: NodeProbes;
  readonly #connections: { sink: PostgresConnection; latency: PostgresConnection };
  readonly #latency: LatencySource | undefined;
  readonly #sources: Bounded;
  /** What `unstored` is asked about. */
  #nextOffsets: number[] = [];

  constructor(options: RunSourcesOptions, run: number) {
    const { brokers, topic, partitions, postgres, nodes = [] } = options;
    this.#kafka = new KafkaSource(brokers, topic, partitions);
    this.#unstored = new UnstoredRecords(brokers, topic);
    this.#connections = {
      sink: new PostgresConnection(postgres, "faultline sampler"),
      latency: new PostgresConnection(postgres, "faultline latency"),
    };
    this.#latency = latencySource(options, run, this.#connections.latency);
    const { producer, driver } = filesOf(options);
    this.#probes = new NodeProbes({ nodes, postgres, readDriver: driver, readProducer: producer });
    this.#sources = this.#bounded(options);
  }

  /** @param deadlineMs what comes later is unknown. */
  async ask(deadlineMs: number): Promise<RunAnswers> {
    const startedMs = performance.now();
    const { kafka, sink, latency, producer, driver, nodes, journal, unstored } = this.#sources;
    const askSinkFirst = async () => {
      const answer = await sink.sample(deadlineMs);
      this.#nextOffsets = answer?.value.nextOffsets ?? [];
      // What it found until the deadline counts, also if a leader is silent.
      if (this.#nextOffsets.length > 0) await unstored.sample(deadlineMs - (performance.now() - startedMs));
      return answer;
    };
    const [ofKafka, ofSink, ofLatency, ofProducer, ofDriver, ofNodes, ofJournal] = await Promise.all([
      kafka.sample(deadlineMs),
      askSinkFirst(),
      latency?.sample(deadlineMs) ?? null,
      producer.sample(deadlineMs),
      driver.sample(deadlineMs),
      nodes.sample(deadlineMs),
      journal.sample(deadlineMs),
    ]);
    const nextOffsets = ofSink?.value.nextOffsets ?? null;
    const ages = (atMs: number) => nextOffsets && this.#unstored.ages(nextOffsets, ofKafka?.value.logEnds ?? [], atMs);
    // A record may have come between the look and the answer about the log's end: look once more.
    const leftMs = deadlineMs - (performance.now() - startedMs);
    if (leftMs > SECOND_LOOK_MS && ages(Date.now())?.includes(null) === true) await unstored.sample(leftMs);
    return {
      kafka: ofKafka,
      sink: ofSink,
      latency: ofLatency,
      producer: ofProducer,
      driver: ofDriver,
      nodes: ofNodes,
      faults: ofJournal?.value.faults ?? null,
      ages,
    };
  }

  /** The answers were written down: the latency of their rows is not measured again. */
  accept({ latency }: RunAnswers): void {
    if (latency !== null) this.#latency?.accept(latency.value);
  }

  async close(): Promise<void> {
    const { sink, latency } = this.#connections;
    const all = [this.#kafka, this.#unstored, this.#probes, sink, latency];
    await Promise.all(all.map(async (source) => source.close()));
  }

  #bounded(options: RunSourcesOptions): Bounded {
    const { topic, partitions, target, runDirectory, onSource } = options;
    const journal = new JournalTail(join(runDirectory, RUN_FILES.journal));
    const { producer, driver } = filesOf(options);
    const latency = this.#latency;
    const { sink } = this.#connections;
    return {
      kafka: new BoundedSource("kafka", () => this.#kafka.ask(), onSource),
      sink: new BoundedSource("postgres", () => askSink(sink, target, topic, partitions), onSource),
      unstored: new BoundedSource("unstored records", () => this.#unstored.look(this.#nextOffsets), onSource),
      latency: latency && new BoundedSource("latency", () => latency.ask(), onSource),
      producer: new BoundedSource("producer status", producer, onSource),
      driver: new BoundedSource("driver status", async () => readLeading(options.nodes ?? [], driver), onSource),
      nodes: new BoundedSource("nodes", () => this.#probes.ask(), onSource),
      journal: new BoundedSource("fault journal", () => journal.read(), onSource),
    };
  }
}

function filesOf({ runDirectory, driverStatusDirectory: directory }: RunSourcesOptions) {
  return {
    producer: () => readProducerStatus(join(runDirectory, RUN_FILES.producerStatus)),
    driver: async (name: string) =>
      directory === undefined ? null : readDriverStatus(join(directory, driverStatusFile(name))),
  };
}

/** The word of the driver that writes: see leadingDriver. A file that can't be read hides no other. */
async function readLeading(
  nodes: readonly MonitoredNode[],
  read: (driver: string) => Promise<DriverStatus | null>,
): Promise<DriverStatus | null> {
  const drivers = nodes.filter(({ kind }) => kind === "driver");
  const answers = await Promise.allSettled(drivers.map(async ({ name }) => read(name)));
  const leading = leadingDriver(
    answers.flatMap((answer) => (answer.status === "fulfilled" ? (answer.value ?? []) : [])),
  );
  const failed = answers.find((answer) => answer.status === "rejected");
  if (leading === undefined && failed !== undefined) throw failed.reason;
  return leading ?? null;
}

function latencySource(
  { createdColumn, target, identity, partitions }: RunSourcesOptions,
  run: number,
  connection: PostgresConnection,
): LatencySource | undefined {
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
