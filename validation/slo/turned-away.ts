import type { LedgerOpen, LedgerRecord } from "../../contract/ledger.ts";
import type { ProducerStatus } from "../../contract/run.ts";
import type { Measure } from "./measure.ts";

/** The producer processes of a ledger: each counts the events that it turned away for itself. */
export class ProducerStarts {
  count = 0;
  #last: LedgerOpen | undefined;

  add(record: LedgerRecord): void {
    if (record.t !== "open") return;
    this.count += 1;
    this.#last = record;
  }

  /** @param limit if the last process alone exceeds it, the others do not matter. */
  turnedAway(status: ProducerStatus | undefined, limit: number): Measure {
    if (status === undefined) return { unknown: "there is no producer-status.json" };
    if (status.pid !== this.#last?.pid)
      return { unknown: "producer-status.json is not of the last producer process in the ledger" };
    if (this.count > 1 && status.throttled <= limit)
      return { unknown: `producer-status.json has only the last of ${this.count} producer processes` };
    return {
      worst: status.throttled,
      least: status.throttled,
      error: this.count > 1 ? `by the last of ${this.count} producer processes` : "by the producer's status",
      what: "of those that were due",
    };
  }
}
