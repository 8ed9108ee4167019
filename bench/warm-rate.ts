/** So many rows were durable at this moment (ms, any clock that runs evenly). */
export type Sample = { atMs: number; rows: number };

/** The part of a drain that is left out: JVMs compile, connections open, caches fill. */
export const COLD_SHARE = 0.3;

/**
 * Rows per second from the first sample with 30 % of the rows to the first with all of them. Null when there are not two such samples.
 * @param samples in order of time; rows never fall.
 */
export function warmRate(samples: readonly Sample[], total: number): number | null {
  const from = samples.find((sample) => sample.rows >= total * COLD_SHARE);
  const to = samples.find((sample) => sample.rows >= total);
  if (from === undefined || to === undefined || to.rows <= from.rows || to.atMs <= from.atMs) return null;
  return ((to.rows - from.rows) * 1_000) / (to.atMs - from.atMs);
}

/** Of an even number of values the mean of the middle two. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
