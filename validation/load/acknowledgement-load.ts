import type { LedgerRecord } from "../../contract/ledger.ts";
import { ActivityAround } from "./activity-around.ts";
import type { FaultWindow, PathLoad } from "./fault-window.ts";

/**
 * Tells which faults struck the path from the producer to Kafka at work, by the ledger. A batch is unsettled from its first attempt until
 * `ack` or `failed`, also while its producer is dead; `close` ends it, because after that nobody sends.
 */
export class AcknowledgementLoad {
  /** Faults not yet known to have struck an unsettled batch; by time of injection, so that a batch looks at few of them. */
  readonly #windows: FaultWindow[];
  readonly #struck = new Set<FaultWindow>();
  readonly #attempts: ActivityAround;
  /** By partition: when its unsettled batch was first attempted. */
  readonly #sinceMs = new Map<number, number>();
  #lastAckMs = -Infinity;

  /** @param windows by time of injection. */
  constructor(windows: readonly FaultWindow[]) {
    this.#windows = [...windows];
    this.#attempts = new ActivityAround(windows);
  }

  /** Takes the ledger's lines in their order. */
  add(record: LedgerRecord): void {
    switch (record.t) {
      case "attempt":
        this.#attempts.seen(record.at_ms);
        if (!this.#sinceMs.has(record.p)) this.#sinceMs.set(record.p, record.at_ms);
        break;
      case "ack":
        this.#lastAckMs = Math.max(this.#lastAckMs, record.at_ms);
        this.#settle(record.p, record.at_ms);
        break;
      case "failed":
        this.#settle(record.p, record.at_ms);
        break;
      case "close":
        this.#attempts.ended();
        this.#settleAll(record.at_ms);
    }
  }

  /** Call this after the last line. */
  finish(): void {
    this.#settleAll(Infinity);
  }

  /** An acknowledgement after the undo is about a batch that was open at the undo, or attempted after it. */
  of(window: FaultWindow): PathLoad {
    return {
      isUnderLoad: this.#struck.has(window) || this.#attempts.isAround(window),
      isRecovered: this.#lastAckMs > window.toMs,
    };
  }

  #settleAll(atMs: number): void {
    for (const partition of this.#sinceMs.keys()) this.#settle(partition, atMs);
  }

  #settle(partition: number, atMs: number): void {
    const sinceMs = this.#sinceMs.get(partition);
    if (sinceMs === undefined) return;
    this.#sinceMs.delete(partition);
    for (let at = 0; at < this.#windows.length;) {
      const window = this.#windows[at] as FaultWindow;
      if (window.fromMs >= atMs) return;
      if (sinceMs <= window.toMs) {
        this.#struck.add(window);
        this.#windows.splice(at, 1);
      } else at += 1;
    }
  }
}
