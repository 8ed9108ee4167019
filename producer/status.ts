import writeFileAtomic from "write-file-atomic";
import { crcText } from "../contract/log-line.ts";
import type { ProducerStatus } from "../contract/run.ts";
import type { LedgerWriter } from "./ledger-writer.ts";

const INTERVAL_MS = 250;

/**
 * Rewrites `producer-status.json` four times a second. Its counts are those of the ledger's lines that are on disk, so that nobody can see a
 * status that is ahead of its ledger, whenever the producer dies.
 */
export class StatusBoard {
  readonly #path: string;
  readonly #nowMs: () => number;
  readonly #ledger: Pick<LedgerWriter, "durable" | "flush">;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  state: ProducerStatus["state"] = "starting";
  /** The fatal error; while starting, the reason for the wait. */
  error: string | null = null;
  /** Backlog and throttled events of all lanes, asked at each writing. */
  births: () => { backlog: number; throttled: number } = () => ({ backlog: 0, throttled: 0 });

  constructor(path: string, nowMs: () => number, ledger: Pick<LedgerWriter, "durable" | "flush">) {
    this.#path = path;
    this.#nowMs = nowMs;
    this.#ledger = ledger;
  }

  get attempted(): number {
    return this.#ledger.durable.tally.attempted;
  }

  get failed(): number {
    return this.#ledger.durable.tally.failed;
  }

  snapshot(): ProducerStatus {
    const { backlog, throttled } = this.births();
    const { crc, tally } = this.#ledger.durable;
    return {
      version: 2,
      pid: process.pid,
      state: this.state,
      at_ms: Math.floor(this.#nowMs()),
      ledger: { lines: tally.lines, crc: crcText(crc) },
      attempted: tally.attempted,
      acknowledged: tally.acknowledged,
      indeterminate: tally.lanes.reduce((sum, lane) => sum + lane.inDoubt, 0),
      backlog,
      throttled,
      last_ack_ms: tally.lanes.reduce((latest, lane) => Math.max(latest, lane.lastAckMs), 0),
      partitions: tally.lanes.map((lane, partition) => ({
        partition,
        last_ack_ms: lane.lastAckMs,
        next_sequence: lane.nextSequence,
      })),
      error: this.error,
    };
  }

  /** Returns when the first status is written: a ledger must not get ahead of the status of the producer before. */
  async start(): Promise<void> {
    await this.#write();
    this.#timer = setInterval(() => {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    }, INTERVAL_MS);
  }

  /** Writes the last status and stops. Never throws: the ledger tells more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#write();
  }

  /** Writes the status of a crash, synchronously, because nothing may run after it. */
  failNow(error: Error): void {
    this.state = "failed";
    this.error = error.message;
    writeFileAtomic.sync(this.#path, `${JSON.stringify(this.snapshot())}\n`, { fsync: false });
  }

  /** Without fsync: a status that a power loss takes away is of no use any more. */
  async #write(): Promise<void> {
    // After an error the lines that are on disk are still known.
    await this.#ledger.flush().catch(() => {});
    await writeFileAtomic(this.#path, `${JSON.stringify(this.snapshot())}\n`, { fsync: false }).catch(() => {});
  }
}
