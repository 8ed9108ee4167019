import { setTimeout as sleep } from "node:timers/promises";

const FIRST_MS = 200;
const MOST_MS = 5_000;

/** Waits between tries, twice as long each time, at most 5 s. */
export class Backoff {
  readonly #signal: AbortSignal;
  #nextMs = FIRST_MS;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** A try went well. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }

  async wait(): Promise<void> {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(MOST_MS, ms * 2);
    await pause(ms, this.#signal);
  }
}

/** Resolves after so long, or at once when the signal is given. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0 && !signal.aborted) await sleep(ms, undefined, { signal }).catch(() => undefined);
}
