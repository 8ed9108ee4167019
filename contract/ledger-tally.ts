import type { LedgerClose, LedgerOpen, LedgerRecord } from "./ledger.ts";

/** One partition, after the lines so far. */
export type LaneTally = {
  nextSequence: number;
  /** Time of the last acknowledgement; 0: none. */
  lastAckMs: number;
  /** Events of the last batch, if nobody knows whether it is in the log. */
  inDoubt: number;
};

/** A tally as plain data. `acks`: null where it has undefined. */
export type TallyState = Record<TallyCount, number> & { lanes: LaneTally[]; acks: (number | null)[] };
type TallyCount = (typeof COUNTS)[number];
const COUNTS = ["lines", "attempts", "attempted", "acknowledged", "failed", "indeterminate"] as const;

/** Counts a ledger's lines in their order. Its memory does not grow with the ledger. */
export class LedgerTally {
  lines = 0;
  /** Lines. */
  attempts = 0;
  /** Events. */
  attempted = 0;
  acknowledged = 0;
  failed = 0;
  /** Lines. */
  indeterminate = 0;
  readonly lanes: LaneTally[] = [];
  /** What the producers asked of Kafka for an acknowledgement; undefined: one of them did not say. */
  readonly acks = new Set<number | undefined>();

  /** A copy, from which `from` makes a tally that goes on. */
  get state(): TallyState {
    const { lines, attempts, attempted, acknowledged, failed, indeterminate } = this;
    const acks = [...this.acks].map((asked) => asked ?? null);
    return {
      lines,
      attempts,
      attempted,
      acknowledged,
      failed,
      indeterminate,
      lanes: structuredClone(this.lanes),
      acks,
    };
  }

  static from(state: TallyState): LedgerTally {
    const tally = new LedgerTally();
    for (const count of COUNTS) tally[count] = state[count];
    tally.lanes.push(...structuredClone(state.lanes));
    for (const asked of state.acks) tally.acks.add(asked ?? undefined);
    return tally;
  }

  add(record: LedgerRecord): void {
    this.lines += 1;
    if (record.t === "close") return;
    if (record.t === "open") return this.#begin(record);
    const lane = this.lanes[record.p];
    switch (record.t) {
      case "attempt":
        this.attempts += 1;
        if (lane === undefined || record.s + record.n <= lane.nextSequence) return;
        this.attempted += record.s + record.n - lane.nextSequence;
        lane.nextSequence = record.s + record.n;
        return;
      case "indeterminate":
        this.indeterminate += 1;
        if (lane !== undefined) lane.inDoubt = record.n;
        return;
      case "ack":
        this.acknowledged += record.n;
        if (lane !== undefined) lane.lastAckMs = record.at_ms;
        break;
      case "failed":
        this.failed += record.n;
    }
    if (lane !== undefined) lane.inDoubt = 0;
  }

  /** @returns the `close` that can follow now. */
  closing(atMs: number): LedgerClose {
    const { lines, attempts, acknowledged, failed, indeterminate } = this;
    return { t: "close", lines, attempts, acknowledged, failed, indeterminate, at_ms: atMs };
  }

  #begin({ partitions, acks }: LedgerOpen): void {
    this.acks.add(acks);
    if (this.lanes.length > 0) return;
    for (let partition = 0; partition < partitions; partition++)
      this.lanes.push({ nextSequence: 0, lastAckMs: 0, inDoubt: 0 });
  }
}
