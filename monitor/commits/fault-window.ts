import type { FaultHistory } from "../../contract/fault-history.ts";
import type { Sample } from "../../contract/sample.ts";

/** Around a fault, in ms. */
export const WINDOW = {
  /** So long before the injection: what was usual then. */
  beforeMs: 5_000,
  /** So long after its events were visible again. */
  afterMs: 5_000,
  /** A fault whose events are not visible by then is read all the same: so long after it was over. */
  mostMs: 120_000,
};

/** Commits of this time are read; ms since 1970. */
export type CommitWindow = { fromMs: number; toMs: number };

/** Follows one fault from its undo until what was made after it is stored on every partition. */
export class FaultWindow {
  readonly #window: typeof WINDOW;
  #visibleMs: number | undefined;

  constructor(window = WINDOW) {
    this.#window = window;
  }

  /**
   * @param sample the last one; undefined: none yet.
   * @returns the window, once it is over; undefined: not yet, or there will be none.
   */
  look(fault: FaultHistory, sample: Sample | undefined, nowMs: number): CommitWindow | undefined {
    const { beforeMs, afterMs, mostMs } = this.#window;
    if (fault.failed !== undefined || fault.healedMs === undefined) return undefined;
    const { readyMs, injectedMs } = fault;
    if (readyMs !== undefined && sample !== undefined && hasPassed(sample, readyMs)) this.#visibleMs ??= sample.at_ms;
    const latestMs = (readyMs ?? fault.healedMs) + mostMs;
    const toMs = Math.min(this.#visibleMs ?? Number.POSITIVE_INFINITY, latestMs) + afterMs;
    return nowMs > toMs ? { fromMs: injectedMs - beforeMs, toMs } : undefined;
  }
}

/** All that was made before this time was stored when the sample was taken, on every partition: now rows of later events follow. */
function hasPassed({ unstored_age_ms: ages, answered_ms: { sink } }: Sample, sinceMs: number): boolean {
  return ages !== null && sink !== null && ages.every((age) => age !== null && sink - age > sinceMs);
}
