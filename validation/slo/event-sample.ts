import { createdMsOf } from "../../contract/event.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";

export type SampledEvent = { partition: number; sequence: number; createdMs: number };

/** At most this many: a 99th percentile of 8,192 events is that of all events to a few thousandths. */
const MOST = 8192;

/** Every k-th event of the ledger, where k doubles whenever there are too many: evenly spread, in bounded memory, without chance. */
export class EventSample {
  #events: SampledEvent[] = [];
  #stride = 1;
  /** Events until the next one is taken. */
  #skip = 0;

  add(record: LedgerRecord): void {
    if (record.t !== "attempt" || record.a !== 1) return;
    const { p: partition, s, n: count, first_ms: firstMs, last_ms: lastMs } = record;
    let index = this.#skip;
    while (index < count) {
      this.#events.push({ partition, sequence: s + index, createdMs: createdMsOf({ firstMs, lastMs, count }, index) });
      index += this.#stride;
      if (this.#events.length < MOST) continue;
      // The last one goes as well, so the next one is a whole new stride after the last that stays.
      this.#events = this.#events.filter((_, place) => place % 2 === 0);
      this.#stride *= 2;
    }
    this.#skip = index - count;
  }

  get events(): readonly SampledEvent[] {
    return this.#events;
  }
}
