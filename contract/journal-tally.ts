import type { JournalClose, JournalOpen, JournalRecord } from "./journal.ts";

/** Counts the lines of one engine in a fault journal, from its `open` on. */
export class JournalTally {
  readonly #open: JournalOpen;
  #planned = 0;
  #effective = 0;
  #healed = 0;
  #failed = 0;
  #recovered = 0;
  #unbegun = 0;

  constructor(open: JournalOpen) {
    this.#open = open;
  }

  /** No more faults have lines than the plan has. */
  get isWithinPlan(): boolean {
    return this.#planned + this.#unbegun <= this.#open.faults;
  }

  add(record: JournalRecord): void {
    if (record.t === "planned") this.#planned += 1;
    else if (record.t === "active") this.#effective += record.effective ? 1 : 0;
    else if (record.t === "healed") this.#healed += 1;
    else if (record.t === "failed") this.#failed += 1;
    else if (record.t === "recovered") this.#recovered += 1;
  }

  /** A fault that has a `failed` line alone. */
  addUnbegun(): void {
    this.#unbegun += 1;
  }

  /** @returns the `close` that can follow now. */
  closing(atMs: number): JournalClose {
    return {
      t: "close",
      planned: this.#planned,
      effective: this.#effective,
      healed: this.#healed,
      failed: this.#failed,
      recovered: this.#recovered,
      duration_ms: atMs - this.#open.at_ms,
      at_ms: atMs,
    };
  }
}
