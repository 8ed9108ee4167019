import { setTimeout as delay } from "node:timers/promises";

/** A view of time, so that a schedule of minutes can be tested in milliseconds. */
export type Clock = {
  /** Wall clock, ms since 1970: what goes into files. */
  now(): number;
  /** Milliseconds since some fixed moment; never jumps. All waiting is measured by it. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal aborts (it never rejects: ask the signal afterwards). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};

/**
 * Asks `condition` until it gives something other than undefined: the one loop with a deadline.
 * @returns its answer, or undefined when `timeoutMs` passed or the signal aborted. The condition is asked at least once.
 */
export async function poll<T>(
  clock: Clock,
  timeoutMs: number,
  condition: () => Promise<T | undefined> | T | undefined,
  options: { everyMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<T | undefined> {
  const deadlineMs = clock.monotonic() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer !== undefined) return answer;
    if (options.signal?.aborted === true || clock.monotonic() >= deadlineMs) return undefined;
    await clock.sleep(options.everyMs ?? 100, options.signal);
  }
}

/** As poll, on the system's clock, for a yes or no. @returns whether the answer was yes in time. */
export async function waitUntil(
  timeoutMs: number,
  condition: () => Promise<boolean> | boolean,
  options: { everyMs?: number; signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  const yes = async (): Promise<true | undefined> => ((await condition()) ? true : undefined);
  return (await poll(systemClock, timeoutMs, yes, options)) === true;
}
