import { LedgerGrammar, type GrammarState } from "../contract/ledger-grammar.ts";
import type { LedgerOpen, LedgerRecord } from "../contract/ledger.ts";

/** One batch of a lane: sequences [sequence, sequence + count), created between firstMs and lastMs. The ledger has `attempts` attempts of it. */
export type Batch = {
  readonly sequence: number;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  attempts: number;
};

export type LaneHistory = {
  nextSequence: number;
  /** The lane's last batch while it has neither ack nor failed; `hasOutcome`: its last attempt is on record as indeterminate. */
  unsettled: (Batch & { hasOutcome: boolean }) | undefined;
};

/** The state after the lines so far: one counter and at most one unsettled batch for each lane. Its memory does not grow with the ledger. */
export class LedgerReplay {
  readonly lanes: LaneHistory[] = [];
  open: LedgerOpen | undefined;

  readonly #grammar: LedgerGrammar;

  /** @param state goes on from there. Default: no line was read. */
  constructor(state?: GrammarState) {
    this.#grammar = new LedgerGrammar(state);
    this.open = state?.open ?? undefined;
    for (const lane of this.#grammar.lanes) {
      const { sequence, count, firstMs, lastMs, attempts, isOpen } = lane;
      const unsettled = { sequence, count, firstMs, lastMs, attempts, hasOutcome: !isOpen };
      this.lanes.push({ nextSequence: lane.nextSequence, unsettled: lane.isUnsettled ? unsettled : undefined });
    }
  }

  /** @returns how the record contradicts the records before it, as a sentence; undefined: it does not. Then the state has it. */
  apply(record: LedgerRecord): string | undefined {
    const complaint = this.#grammar.apply(record);
    if (complaint !== undefined || record.t === "close") return complaint;
    if (record.t === "open") {
      for (let partition = this.lanes.length; partition < record.partitions; partition++)
        this.lanes.push({ nextSequence: 0, unsettled: undefined });
      this.open = record;
      return undefined;
    }
    const lane = this.lanes[record.p] as LaneHistory;
    if (record.t === "attempt") {
      lane.nextSequence = record.s + record.n;
      lane.unsettled = {
        sequence: record.s,
        count: record.n,
        firstMs: record.first_ms,
        lastMs: record.last_ms,
        attempts: record.a,
        hasOutcome: false,
      };
    } else if (record.t === "indeterminate") (lane.unsettled as { hasOutcome: boolean }).hasOutcome = true;
    else lane.unsettled = undefined;
    return undefined;
  }
}
