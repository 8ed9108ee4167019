/** A stretch of time, ms since 1970. */
export type Span = { fromMs: number; toMs: number };

/** A time without success. `open`: there was no new success when the evidence ended. */
export type Gap = Span & { open: boolean };

/** Times of success (not decreasing), between the first time that it was due and the end of the evidence. */
export type Series = {
  startMs: number;
  successMs: readonly number[];
  endMs: number;
  /** Whether success was still due at the end. If not, the time after the last success is no gap. */
  openEnd: boolean;
};

/**
 * @returns the length of the longest wanted gap between successes, undefined when no gap is wanted.
 * `atLeast`: one of the wanted gaps was still open, so the true longest may be longer.
 */
export function longestGap(
  series: Series,
  wanted: (gap: Gap) => boolean,
): { ms: number; atLeast: boolean } | undefined {
  let longestMs: number | undefined;
  const consider = (gap: Gap): boolean => {
    const ms = gap.toMs - gap.fromMs;
    if (ms <= 0 || (!gap.open && ms <= (longestMs ?? 0)) || !wanted(gap)) return false;
    longestMs = Math.max(ms, longestMs ?? 0);
    return true;
  };
  let fromMs = series.startMs;
  for (const toMs of series.successMs) {
    consider({ fromMs, toMs, open: false });
    fromMs = toMs;
  }
  const atLeast = series.openEnd && consider({ fromMs, toMs: series.endMs, open: true });
  return longestMs === undefined ? undefined : { ms: longestMs, atLeast };
}
