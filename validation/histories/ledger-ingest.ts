import { LedgerGrammar } from "../../contract/ledger-grammar.ts";
import type { LedgerTally } from "../../contract/ledger-tally.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import { ledgerReader } from "../../contract/ledger.ts";
import type { Histories, PartitionHistory } from "./histories.ts";
import { NO_OFFSET } from "../truth/batches.ts";

/** Problems beyond this many are only counted. */
const MOST_PROBLEMS = 10;

/**
 * Puts the ledger's lines into the histories. A line that can't be read, or that can't stand where it stands, is a problem, not an
 * exception: the other lines still prove something.
 */
export class LedgerIngest {
  readonly problems: string[] = [];
  problemCount = 0;
  readonly #histories: Histories;
  readonly #grammar = new LedgerGrammar();
  readonly #reader = ledgerReader();
  readonly #watch: (record: LedgerRecord) => void;

  /** @param watch gets every line that can be read; tally and crc have it already. */
  constructor(histories: Histories, watch: (record: LedgerRecord) => void = () => undefined) {
    this.#histories = histories;
    this.#watch = watch;
  }

  /** What the lines so far come to; less, if a line could not be read (isIncomplete). */
  get tally(): LedgerTally {
    return this.#grammar.tally;
  }

  get isIncomplete(): boolean {
    return this.#grammar.isIncomplete;
  }

  /** The last line's. */
  get crc(): number {
    return this.#reader.crc;
  }

  /** Takes one line. @returns what it says; undefined for a line that can't be read. */
  line(text: string, number: number): LedgerRecord | undefined {
    const record = this.#reader.read(text);
    if (typeof record !== "string") {
      this.#take(record, number);
      return record;
    }
    this.#grammar.miss();
    this.#problem(number, record);
    return undefined;
  }

  /** Call this after the last line. */
  finish(): void {
    for (const history of this.#histories.partitions)
      for (const batch of history.batches.indexes())
        if (history.batches.isFailed(batch))
          history.failed.setRange(history.batches.startOf(batch), history.batches.endOf(batch));
  }

  #take(record: LedgerRecord, number: number): void {
    const problem = this.#grammar.apply(record);
    if (problem !== undefined) this.#problem(number, problem);
    this.#watch(record);
    if (record.t === "open" || record.t === "close") return;
    const history = this.#histories.partitions[record.p];
    const batch = history?.batches.batch(record.s, record.n);
    if (history === undefined || batch === undefined) {
      if (problem === undefined)
        this.#problem(number, `sequences from ${record.s} of partition ${record.p} are beyond what can be judged`);
      return;
    }
    // Also for an outcome: its attempt may be in a line that is lost.
    history.attempted.setRange(record.s, record.s + record.n);
    if (record.t === "attempt") history.batches.attempt(batch, record.first_ms, record.last_ms);
    if (record.t === "ack") acknowledge(history, batch, record);
    if (record.t === "failed") history.batches.fail(batch);
  }

  #problem(line: number, text: string): void {
    this.problemCount += 1;
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(`ledger line ${line}: ${text}`);
  }
}

function acknowledge(history: PartitionHistory, batch: number, record: { s: number; n: number; o: number }): void {
  history.batches.acknowledge(batch, record.o >= 0 ? record.o : NO_OFFSET);
  history.acknowledged.setRange(record.s, record.s + record.n);
}
