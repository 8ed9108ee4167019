import type { LedgerOpen, LedgerRecord } from "../contract/ledger.ts";

/** One batch of a lane: sequences [sequence, sequence + count), created between firstMs and lastMs; `attempts` of them were recorded. */
export type Batch = { readonly sequence: number; readonly count: number; readonly firstMs: number; readonly lastMs: number; attempts: number };

export type LaneHistory = {
  nextSequence: number;
  /** The lane's last batch while it has neither ack nor failed; `hasOutcome`: its last attempt is on record as indeterminate. */
  unsettled: (Batch & { hasOutcome: boolean }) | undefined;
  acknowledged: number;
  failed: number;
  lastAckMs: number;
};

/** All members of `open` that never change in a run. */
export function sameRun(a: LedgerOpen, b: LedgerOpen): string | undefined {
  const { pid: _pid, at_ms: _atMs, ...fixed } = a;
  for (const [name, value] of Object.entries(fixed))
    if (b[name as keyof LedgerOpen] !== value) return `${name} is ${JSON.stringify(value)}, here it is ${JSON.stringify(b[name as keyof LedgerOpen])}`;
  return undefined;
}

/** What a ledger says so far: one counter and at most one unsettled batch for each lane. Bounded memory, however long the ledger is. */
export class LedgerReplay {
  readonly lanes: LaneHistory[] = [];
  open: LedgerOpen | undefined;

  /** @returns what is impossible about the record after all those before it, or undefined. */
  apply(record: LedgerRecord): string | undefined {
    if (record.t === "open") return this.#applyOpen(record);
    if (this.open === undefined) return `a ledger begins with "open", not with "${record.t}"`;
    if (record.t === "close") return undefined;
    const lane = this.lanes[record.p];
    if (lane === undefined) return `partition ${record.p} of ${this.open.partitions}`;
    const unsettled = lane.unsettled;
    if (record.t === "attempt") {
      if (unsettled === undefined) {
        if (record.s !== lane.nextSequence || record.a !== 1)
          return `expected attempt 1 of sequence ${lane.nextSequence} of partition ${record.p}, not ${record.a} of ${record.s}`;
        lane.nextSequence += record.n;
      } else {
        const same =
          record.s === unsettled.sequence && record.n === unsettled.count && record.first_ms === unsettled.firstMs && record.last_ms === unsettled.lastMs;
        if (!same || record.a !== unsettled.attempts + 1 || !unsettled.hasOutcome)
          return `partition ${record.p}: the batch at sequence ${unsettled.sequence} (attempt ${unsettled.attempts}) was not settled, or is tried again differently`;
      }
      lane.unsettled = { sequence: record.s, count: record.n, firstMs: record.first_ms, lastMs: record.last_ms, attempts: record.a, hasOutcome: false };
      return undefined;
    }
    if (unsettled === undefined || record.s !== unsettled.sequence || record.n !== unsettled.count || unsettled.hasOutcome)
      return `"${record.t}" of partition ${record.p}, sequence ${record.s}, without its attempt`;
    if (record.t === "indeterminate") unsettled.hasOutcome = true;
    else lane.unsettled = undefined;
    if (record.t === "failed") lane.failed += record.n;
    if (record.t === "ack") {
      lane.acknowledged += record.n;
      lane.lastAckMs = record.at_ms;
    }
    return undefined;
  }

  #applyOpen(record: LedgerOpen): string | undefined {
    if (record.version !== 1) return `version ${String(record.version)}; this program reads version 1`;
    if (this.open === undefined) {
      for (let partition = 0; partition < record.partitions; partition++)
        this.lanes.push({ nextSequence: 0, unsettled: undefined, acknowledged: 0, failed: 0, lastAckMs: 0 });
      this.open = record;
      return undefined;
    }
    const difference = sameRun(this.open, record);
    this.open = record;
    return difference === undefined ? undefined : `"open" of another run: ${difference}`;
  }
}
