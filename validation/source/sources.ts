import type { Pipeline } from "../../contract/pipeline.ts";
import type { PostgresLogin } from "../../contract/stack.ts";
import type { Progress } from "../read/progress.ts";
import { lookUpRows, type LookUpRows } from "../read/commit-times.ts";
import { KafkaLog, type LogRange } from "../read/kafka-log.ts";
import { ledgerSize } from "../read/ledger-file.ts";
import { PostgresReader } from "../sinks/postgres.ts";
import type { QuietResult } from "../frontier/quiet.ts";
import { waitUntilQuiet } from "../frontier/quiet.ts";
import { LiveSource } from "./live-source.ts";
import type { LivePlace } from "./place.ts";
import type { LiveServers, Question } from "./question.ts";
import type { RunServers } from "./run-servers.ts";

const NO_PROGRESS_MS = 60_000;
const UNREACHABLE_MS = 15_000;
const LOOK_EVERY_MS = 500;

export type SourceOptions = {
  brokers: string[];
  postgres: PostgresLogin;
  /** The longest time to wait until the pipeline is quiet. */
  quietTimeoutMs: number;
  /** If the sink is behind and nothing moves for this long, judge the data as it is. Default 60 s. */
  noProgressMs?: number;
  onProgress?: Progress;
};

/** Kafka and PostgreSQL, live: the connections of one validation. */
export class Sources implements RunServers, LiveServers {
  readonly takenMs = undefined;
  readonly topic: string;
  readonly #kafka: KafkaLog;
  readonly #options: SourceOptions;
  readonly #pipeline: Pipeline;
  readonly #run: number;
  #postgres: PostgresReader | undefined;
  #snapshot: string | undefined;

  /** @param of.run the number in the events' identity. */
  constructor(options: SourceOptions, of: { topic: string; pipeline: Pipeline; run: number }) {
    this.#options = options;
    this.topic = of.topic;
    this.#pipeline = of.pipeline;
    this.#run = of.run;
    this.#kafka = new KafkaLog(options.brokers, of.topic);
  }

  get brokers(): string[] {
    return this.#options.brokers;
  }

  ask = <Answer>(question: Question<Answer>): Promise<Answer> => question.ask(this);

  /** @throws FaultlineError FL_KAFKA_UNREACHABLE, FL_TOPIC_MISSING */
  ranges(): Promise<LogRange[]> {
    return this.#kafka.ranges();
  }

  /**
   * Connects and finds the pipeline's tables if there is no connection.
   * @throws FaultlineError FL_POSTGRES_AUTH, FL_POSTGRES_UNREACHABLE, FL_SCHEMA_MISSING. @throws UnreadableError (see PostgresReader.resolve)
   */
  async postgres(): Promise<PostgresReader> {
    if (this.#postgres === undefined) {
      this.#postgres = await PostgresReader.connect(this.#options.postgres);
      await this.#postgres.resolve(this.#pipeline).catch(async (error: unknown) => {
        await this.#drop();
        throw error;
      });
    }
    return this.#postgres;
  }

  /** @throws as `postgres` does. */
  async beginSnapshot(): Promise<void> {
    const postgres = await this.postgres();
    this.#snapshot = await postgres.beginSnapshot();
    await postgres.resolve(this.#pipeline);
  }

  get place(): LivePlace {
    const { brokers } = this.#options;
    const schema = this.#postgres?.schema ?? "";
    // A snapshot is one server's: of several, the threads read the one that exported it.
    const postgres = this.#postgres?.server ?? this.#options.postgres;
    return {
      pipeline: this.#pipeline,
      topic: this.topic,
      run: this.#run,
      brokers,
      postgres,
      schema,
      snapshot: this.#snapshot,
    };
  }

  partitions(): LiveSource {
    return new LiveSource(this.place);
  }

  /** Call it within the snapshot: a server that keeps no commit times refuses the look-ups, and the rest goes on. @throws as `postgres` does. */
  async lookUpRows(): Promise<LookUpRows> {
    const postgres = await this.postgres();
    return lookUpRows(
      (query, values) => postgres.withSavepoint(() => postgres.select(query, values)),
      this.#pipeline,
      this.#run,
    );
  }

  async waitUntilQuiet(ledgerFile: string, signal: AbortSignal): Promise<QuietResult> {
    const look = async () => {
      const [ledgerBytes, ranges] = [await ledgerSize(ledgerFile), await this.ranges()];
      try {
        const next = await (await this.postgres()).nextOffsets(this.#pipeline.table, this.topic);
        // A partition without a row in sink_offsets has had nothing applied.
        return {
          ledgerBytes,
          logEnds: ranges.map(({ end }) => end),
          nextOffsets: ranges.map(({ partition, start }) => next.get(partition) ?? start),
        };
      } catch (error) {
        await this.#drop();
        throw error;
      }
    };
    const { quietTimeoutMs: timeoutMs, noProgressMs = NO_PROGRESS_MS, onProgress } = this.#options;
    return waitUntilQuiet({
      look,
      timeoutMs,
      noProgressMs,
      unreachableMs: UNREACHABLE_MS,
      intervalMs: LOOK_EVERY_MS,
      ...(onProgress && { onProgress }),
      signal,
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#drop(), this.#kafka.close()]);
  }

  async #drop(): Promise<void> {
    const postgres = this.#postgres;
    this.#postgres = undefined;
    await postgres?.close();
  }
}
