import { setTimeout as sleep } from "node:timers/promises";

const FIRST_MS = 200;
const MOST_MS = 5_000;

/** Waits between tries, twice as long each time, at most 5 s, or as long as it is told. */
export class Backoff {
  readonly #signal: AbortSignal;
  readonly #mostMs: number;
  #nextMs = FIRST_MS;

  constructor(signal: AbortSignal, mostMs: number = MOST_MS) {
    this.#signal = signal;
    this.#mostMs = mostMs;
  }

  /** A try went well. */
  reset(): void {
    this.#nextMs = FIRST_MS;
  }

  async wait(): Promise<void> {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(this.#mostMs, ms * 2);
    await pause(ms, this.#signal);
  }
}

/** Resolves after so long, or at once when the signal is given. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0 && !signal.aborted) await sleep(ms, undefined, { signal }).catch(() => undefined);
}
