import type { PostgresLogin } from "../contract/stack.ts";
import type { Progress } from "./read-histories.ts";
import { KafkaLog } from "./read/kafka-log.ts";
import { ledgerSize } from "./read/ledger-file.ts";
import { PostgresReader } from "./read/postgres.ts";
import type { QuietResult } from "./read/quiet.ts";
import { waitUntilQuiet } from "./read/quiet.ts";

const NO_PROGRESS_MS = 60_000;
const UNREACHABLE_MS = 15_000;
const LOOK_EVERY_MS = 500;

export type SourceOptions = { brokers: string[]; postgres: PostgresLogin; quietTimeoutMs: number; noProgressMs?: number; onProgress?: Progress };

/** The connections to Kafka and PostgreSQL of one validation. */
export class Sources {
  readonly kafka: KafkaLog;
  readonly #options: SourceOptions;
  readonly #topic: string;
  readonly #target: string;
  #postgres: PostgresReader | undefined;

  constructor(options: SourceOptions, topic: string, target: string) {
    this.#options = options;
    this.#topic = topic;
    this.#target = target;
    this.kafka = new KafkaLog(options.brokers, topic);
  }

  /** Connects when there is no connection. @throws FaultlineError */
  async postgres(): Promise<PostgresReader> {
    this.#postgres ??= await PostgresReader.connect(this.#options.postgres);
    return this.#postgres;
  }

  async waitUntilQuiet(ledgerFile: string, signal: AbortSignal): Promise<QuietResult> {
    const look = async () => {
      const [ledgerBytes, ranges] = [await ledgerSize(ledgerFile), await this.kafka.ranges()];
      try {
        const next = await (await this.postgres()).nextOffsets(this.#target, this.#topic);
        // A partition without a row in sink_offsets has had nothing applied.
        return { ledgerBytes, logEnds: ranges.map(({ end }) => end), nextOffsets: ranges.map(({ partition, start }) => next.get(partition) ?? start) };
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
    await Promise.all([this.#drop(), this.kafka.close()]);
  }

  async #drop(): Promise<void> {
    const postgres = this.#postgres;
    this.#postgres = undefined;
    await postgres?.close();
  }
}
