import writeFileAtomic from "write-file-atomic";
import type { ProducerStatus } from "../contract/run.ts";
import type { SendOutcome } from "./lane.ts";
import type { Batch, LaneHistory } from "./ledger-replay.ts";

const INTERVAL_MS = 250;

type LaneTally = { nextSequence: number; lastAckMs: number; inDoubt: number };

/** Counts what becomes of batches, over all of the run's ledger, and keeps `producer-status.json` fresh. */
export class StatusBoard {
  readonly #path: string;
  readonly #nowMs: () => number;
  #lanes: LaneTally[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  state: ProducerStatus["state"] = "starting";
  /** The fatal error; while starting, what is still in the way. */
  error: string | null = null;
  acknowledged = 0;
  failed = 0;
  /** Backlog and throttled events of all lanes, asked at each writing. */
  births: () => { backlog: number; throttled: number } = () => ({ backlog: 0, throttled: 0 });

  constructor(path: string, nowMs: () => number) {
    this.#path = path;
    this.#nowMs = nowMs;
  }

  get attempted(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.nextSequence, 0);
  }

  load(histories: LaneHistory[]): void {
    this.#lanes = histories.map((lane) => ({ nextSequence: lane.nextSequence, lastAckMs: lane.lastAckMs, inDoubt: lane.unsettled?.count ?? 0 }));
    this.acknowledged = histories.reduce((sum, lane) => sum + lane.acknowledged, 0);
    this.failed = histories.reduce((sum, lane) => sum + lane.failed, 0);
  }

  onAttempt(partition: number, batch: Batch): void {
    const lane = this.#lanes[partition] as LaneTally;
    lane.nextSequence = Math.max(lane.nextSequence, batch.sequence + batch.count);
  }

  onOutcome(partition: number, batch: Batch, outcome: SendOutcome): void {
    const lane = this.#lanes[partition] as LaneTally;
    lane.inDoubt = outcome.kind === "indeterminate" ? batch.count : 0;
    if (outcome.kind === "failed") this.failed += batch.count;
    if (outcome.kind !== "ack") return;
    this.acknowledged += batch.count;
    lane.lastAckMs = Math.floor(this.#nowMs());
  }

  snapshot(): ProducerStatus {
    const { backlog, throttled } = this.births();
    return {
      pid: process.pid,
      state: this.state,
      at_ms: Math.floor(this.#nowMs()),
      attempted: this.attempted,
      acknowledged: this.acknowledged,
      indeterminate: this.#lanes.reduce((sum, lane) => sum + lane.inDoubt, 0),
      backlog,
      throttled,
      last_ack_ms: this.#lanes.reduce((latest, lane) => Math.max(latest, lane.lastAckMs), 0),
      partitions: this.#lanes.map((lane, partition) => ({ partition, last_ack_ms: lane.lastAckMs, next_sequence: lane.nextSequence })),
      error: this.error,
    };
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    }, INTERVAL_MS);
  }

  /** Writes the last status and stops. Never throws: the status is a courtesy, the ledger is the truth. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.#write();
  }

  /** For a crash: synchronously, since nothing may run after it. */
  failNow(error: Error): void {
    this.state = "failed";
    this.error = error.message;
    writeFileAtomic.sync(this.#path, `${JSON.stringify(this.snapshot())}\n`, { fsync: false });
  }

  /** Without fsync: a status that a power loss takes away is of no use any more. */
  async #write(): Promise<void> {
    await writeFileAtomic(this.#path, `${JSON.stringify(this.snapshot())}\n`, { fsync: false }).catch(() => {});
  }
}
