import type { FaultWindow } from "./fault-window.ts";

/** Work that stops for longer than this is not under way. */
const NEAR_MS = 1000;

/**
 * Tells around which faults something was under way although nothing was open in between: it was seen shortly before the injection, and again
 * shortly after the undo (or after the node was ready again). So a short fault counts that fell between two small batches; and so does a fault
 * of any length that struck the producer, because without it nothing can be open.
 */
export class ActivityAround {
  readonly #beforeMs = new Map<FaultWindow, number>();
  readonly #afterMs = new Map<FaultWindow, number>();
  /** Not yet begun, by time of injection; not yet seen after their undo, by time of undo. The next one is last. */
  readonly #toBegin: FaultWindow[];
  readonly #toEnd: FaultWindow[];
  #lastMs = -Infinity;

  constructor(windows: readonly FaultWindow[]) {
    this.#toBegin = windows.toSorted((a, b) => b.fromMs - a.fromMs);
    this.#toEnd = windows.toSorted((a, b) => b.toMs - a.toMs);
  }

  /** Something was done. Times must come nearly in order. */
  seen(atMs: number): void {
    for (let next = this.#toBegin.at(-1); next !== undefined && next.fromMs < atMs; next = this.#toBegin.at(-1)) {
      this.#beforeMs.set(next, this.#lastMs);
      this.#toBegin.pop();
    }
    for (let next = this.#toEnd.at(-1); next !== undefined && next.toMs <= atMs; next = this.#toEnd.at(-1)) {
      this.#afterMs.set(next, atMs);
      this.#toEnd.pop();
    }
    this.#lastMs = Math.max(this.#lastMs, atMs);
  }

  /** It ended in order: what was seen before this is not under way any more. */
  ended(): void {
    this.#lastMs = -Infinity;
  }

  /** Ask this after the last call of `seen`. */
  isAround(window: FaultWindow): boolean {
    const { fault, fromMs, toMs } = window;
    if (fault.nodeKind !== "producer" && toMs - fromMs > NEAR_MS) return false;
    const beforeMs = this.#beforeMs.get(window) ?? -Infinity;
    const afterMs = this.#afterMs.get(window) ?? Infinity;
    return fromMs - beforeMs <= NEAR_MS && afterMs - Math.max(toMs, fault.readyMs ?? toMs) <= NEAR_MS;
  }
}
