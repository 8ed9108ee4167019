import type { LedgerOpen } from "../../contract/ledger.ts";
import { decodeLedger } from "../../contract/ledger.ts";
import type { Histories, PartitionHistory } from "./histories.ts";
import { NO_OFFSET } from "./batches.ts";

/** Problems beyond this many are only counted. */
const MOST_PROBLEMS = 10;

/** Puts the ledger's lines into the histories. A damaged or contradictory line is a problem, never an exception: the rest still proves something. */
export class LedgerIngest {
  readonly problems: string[] = [];
  problemCount = 0;
  /** The last good line was `close`: the producer ended in order. */
  closed = false;
  readonly #histories: Histories;
  readonly #open: LedgerOpen;
  /** A line that ends in the middle: forgiven if the next one is the `open` of the process that came after the one that died. */
  #torn = 0;

  /** @param open the ledger's first `open`, which all later ones must repeat. */
  constructor(histories: Histories, open: LedgerOpen) {
    this.#histories = histories;
    this.#open = open;
  }

  line(text: string, number: number): void {
    const record = decodeLedger(text);
    if (this.#torn > 0 && record?.t !== "open") this.#problem(`ledger line ${this.#torn} is damaged`);
    this.#torn = record === undefined && !text.endsWith("}") ? number : 0;
    if (this.#torn > 0) return;
    if (record === undefined) return this.#problem(`ledger line ${number} is damaged`);
    this.closed = record.t === "close";
    if (record.t === "close") return;
    if (record.t === "open") {
      const changed = OPEN_CONSTANTS.filter((name) => record[name] !== this.#open[name]);
      if (changed.length > 0) this.#problem(`ledger line ${number}: a later "open" has another ${changed.join(", ")}`);
      return;
    }
    const history = this.#histories.partitions[record.p];
    const batch = history?.batches.batch(record.s, record.n);
    if (history === undefined || batch === undefined)
      return this.#problem(`ledger line ${number}: ${record.t} p${record.p} s${record.s} n${record.n} contradicts the lines before it`);
    if (record.t === "attempt") {
      history.attempted.setRange(record.s, record.s + record.n);
      if (!history.batches.attempt(batch, record.first_ms, record.last_ms))
        this.#problem(`ledger line ${number}: attempt ${record.a} of p${record.p} s${record.s} has other creation times than the one before`);
      return;
    }
    if (!history.attempted.has(record.s)) {
      this.#problem(`ledger line ${number}: ${record.t} of p${record.p} s${record.s} without its attempt`);
      history.attempted.setRange(record.s, record.s + record.n);
    }
    if (record.t === "ack") acknowledge(history, batch, record);
    if (record.t === "failed") history.batches.fail(batch);
  }

  /** To be called after the last line. */
  finish(): void {
    if (this.#torn > 0) this.#problem(`ledger line ${this.#torn} is damaged`);
    for (const history of this.#histories.partitions)
      for (let batch = 0; batch < history.batches.length; batch++)
        if (history.batches.isFailed(batch)) history.failed.setRange(history.batches.startOf(batch), history.batches.endOf(batch));
  }

  #problem(text: string): void {
    this.problemCount += 1;
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(text);
  }
}

const OPEN_CONSTANTS = ["version", "run", "seed", "malformed_ppm", "pipeline", "pipeline_sha256", "topic", "partitions"] as const;

function acknowledge(history: PartitionHistory, batch: number, record: { s: number; n: number; o: number }): void {
  history.batches.acknowledge(batch, Number.isSafeInteger(record.o) && record.o >= 0 ? record.o : NO_OFFSET);
  history.acknowledged.setRange(record.s, record.s + record.n);
}
