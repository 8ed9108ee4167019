import { createdMsOf } from "../../contract/event.ts";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { LedgerAttempt, LedgerRecord } from "../../contract/ledger.ts";

/** The first event of a partition that was created after a fault's effect was seen. */
export type FirstAfter = { fault: FaultHistory; partition: number; sequence: number };

/** Finds, for each fault and partition, the first event that was created after the effect. After a `close` none is due for that fault. */
export class FirstAfterFault {
  /** By the time of the effect. */
  readonly #faults: readonly { fault: FaultHistory; effectMs: number }[];
  /** By partition: how many faults it is done with. */
  readonly #done = new Map<number, number>();
  readonly found: FirstAfter[] = [];

  constructor(faults: readonly FaultHistory[]) {
    this.#faults = faults
      .map((fault) => ({ fault, effectMs: fault.probedMs ?? fault.injectedMs }))
      .toSorted((a, b) => a.effectMs - b.effectMs);
  }

  /** Takes the ledger's lines in their order. */
  add(record: LedgerRecord): void {
    if (record.t === "close") this.#done.clear();
    else if (record.t === "attempt") this.#addAttempt(record);
  }

  #addAttempt(attempt: LedgerAttempt): void {
    const { p: partition, s, n, last_ms } = attempt;
    // A partition's first attempt, of all or after a `close`: what struck before it struck nothing that could come back.
    let at = this.#done.get(partition) ?? this.#faults.findIndex(({ effectMs }) => effectMs >= attempt.first_ms);
    if (at < 0) at = this.#faults.length;
    for (let next = this.#faults[at]; next !== undefined && next.effectMs < last_ms; next = this.#faults[++at]) {
      const { fault, effectMs } = next;
      let index = 0;
      while (index < n - 1 && created(attempt, index) <= effectMs) index++;
      this.found.push({ fault, partition, sequence: s + index });
    }
    this.#done.set(partition, at);
  }
}

function created({ first_ms: firstMs, last_ms: lastMs, n: count }: LedgerAttempt, index: number): number {
  return createdMsOf({ firstMs, lastMs, count }, index);
}
