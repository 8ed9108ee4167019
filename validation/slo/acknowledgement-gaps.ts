import type { LedgerRecord } from "../../contract/ledger.ts";
import type { Span } from "./measure.ts";

type Gap = Span & { partition: number };

/**
 * The longest time that a partition was without an acknowledgement, by the ledger: from its first attempt, or from its last acknowledgement,
 * to the next. A dead or paused producer does not end it; `close` does, because after that nothing is due until the next attempt.
 */
export class AcknowledgementGaps {
  #longest: Gap | undefined;
  /** By partition: since when an acknowledgement is due. */
  readonly #sinceMs = new Map<number, number>();
  readonly #unsettled = new Set<number>();
  #lastMs = -Infinity;

  /** Takes the ledger's lines in their order. */
  add(record: LedgerRecord): void {
    this.#lastMs = Math.max(this.#lastMs, record.at_ms);
    if (record.t === "attempt") {
      this.#unsettled.add(record.p);
      if (!this.#sinceMs.has(record.p)) this.#sinceMs.set(record.p, record.at_ms);
    } else if (record.t === "ack") {
      this.#unsettled.delete(record.p);
      this.#consider(record.p, record.at_ms);
      this.#sinceMs.set(record.p, record.at_ms);
    } else if (record.t === "failed") this.#unsettled.delete(record.p);
    else if (record.t === "close") this.#end(record.at_ms);
  }

  /** Call this after the last line. @returns undefined: no batch was ever attempted. */
  longest(): Gap | undefined {
    this.#end(this.#lastMs);
    return this.#longest;
  }

  /** A batch that is unsettled now waited at least until now. */
  #end(atMs: number): void {
    for (const partition of this.#unsettled) this.#consider(partition, atMs);
    this.#sinceMs.clear();
    this.#unsettled.clear();
  }

  #consider(partition: number, toMs: number): void {
    const fromMs = this.#sinceMs.get(partition);
    if (fromMs === undefined) return;
    if (this.#longest === undefined || toMs - fromMs > this.#longest.toMs - this.#longest.fromMs)
      this.#longest = { partition, fromMs, toMs };
  }
}
