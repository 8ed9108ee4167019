import { Backoff, pause } from "./backoff.ts";

/**
 * Does one round after the other until the signal is given. A round that fails is tried again forever, with pauses up to `mostPauseMs`.
 * @param everyMs from the beginning of a round to the next one's; a longer round is followed by a pause as long as half of it, so that a loop
 *   never takes a whole core.
 * @param onProblem gets the reason when a round fails, and undefined when one goes well after that.
 */
export async function watchLoop(
  everyMs: number,
  signal: AbortSignal,
  onProblem: (problem: string | undefined) => void,
  round: () => Promise<void>,
  mostPauseMs?: number,
): Promise<void> {
  const backoff = new Backoff(signal, mostPauseMs);
  while (!signal.aborted) {
    const beganMs = performance.now();
    try {
      await round();
      onProblem(undefined);
      backoff.reset();
      const tookMs = performance.now() - beganMs;
      await pause(Math.max(everyMs - tookMs, everyMs === 0 ? 0 : tookMs / 2), signal);
    } catch (error) {
      if (signal.aborted) return;
      onProblem(messageOf(error));
      await backoff.wait();
    }
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [error.message, ...new Set(error.errors.slice(0, 3).map(messageOf))]
      .filter((text) => text !== "")
      .join(": ");
  return error instanceof Error ? error.message || error.name : String(error);
}
