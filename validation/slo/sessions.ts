import type { LedgerRecord } from "../../contract/ledger.ts";

/** A partition's events between two `close` of the ledger: sequences [from, to), and when the first of them was attempted. */
export type Session = { partition: number; from: number; to: number; startMs: number };

/** Splits each partition where the producer was closed: in between nothing was due. */
export class Sessions {
  readonly #done: Session[] = [];
  readonly #open = new Map<number, Session>();

  /** Takes the ledger's lines in their order. */
  add(record: LedgerRecord): void {
    if (record.t === "close") {
      this.#done.push(...this.#open.values());
      this.#open.clear();
    } else if (record.t === "attempt") {
      const { p: partition, s, n, at_ms: startMs } = record;
      const session = this.#open.get(partition);
      if (session === undefined) this.#open.set(partition, { partition, from: s, to: s + n, startMs });
      else session.to = Math.max(session.to, s + n);
    }
  }

  /** In the order of time, for each partition. */
  all(): Session[] {
    return [...this.#done, ...this.#open.values()];
  }
}
