import type { LedgerAck, LedgerRecord } from "../../contract/ledger.ts";
import type { FaultWindow } from "./fault-window.ts";

/** A partition's last batch that was acknowledged before the undo of a fault: what the sink had to store at that time, at least. */
export type Acknowledged = { partition: number; endSequence: number; endOffset: number; atMs: number };

/** Keeps, for each fault and partition, the last batch that was acknowledged before the undo. Its memory grows with faults, not with events. */
export class LastAcknowledged {
  readonly #windows: readonly FaultWindow[];
  /** By partition: its last batch so far, and how many windows (by time of undo) it has passed. */
  readonly #lanes = new Map<number, { last: Acknowledged | undefined; passed: number }>();
  readonly #before = new Map<FaultWindow, Acknowledged[]>();

  constructor(windows: readonly FaultWindow[]) {
    this.#windows = windows.toSorted((a, b) => a.toMs - b.toMs);
  }

  /** Takes the ledger's lines in their order. */
  add(record: LedgerRecord): void {
    if (record.t !== "ack") return;
    const lane = this.#lanes.get(record.p) ?? { last: undefined, passed: 0 };
    this.#lanes.set(record.p, lane);
    for (let next = this.#windows[lane.passed]; next !== undefined && next.toMs <= record.at_ms;) {
      this.#keep(next, lane.last);
      next = this.#windows[++lane.passed];
    }
    lane.last = acknowledged(record);
  }

  /** Call this after the last line. */
  finish(): void {
    for (const lane of this.#lanes.values())
      for (; lane.passed < this.#windows.length; lane.passed++)
        this.#keep(this.#windows[lane.passed] as FaultWindow, lane.last);
  }

  /** One batch per partition that has any. */
  of(window: FaultWindow): readonly Acknowledged[] {
    return this.#before.get(window) ?? [];
  }

  #keep(window: FaultWindow, last: Acknowledged | undefined): void {
    if (last === undefined) return;
    const before = this.#before.get(window);
    if (before === undefined) this.#before.set(window, [last]);
    else before.push(last);
  }
}

function acknowledged({ p, s, n, o, at_ms }: LedgerAck): Acknowledged {
  return { partition: p, endSequence: s + n, endOffset: o + n, atMs: at_ms };
}
