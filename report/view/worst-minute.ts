import type { Digest } from "../../contract/digest.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Span } from "../measure/success-gap.ts";

const SECONDS = 60;

export type WorstMinute = NonNullable<Digest["worst_minute"]>;
type Second = WorstMinute["seconds"][number];

/**
 * @returns the minute of the run in which the least was stored, one line per second (the first sample in it); a second without a sample is unknown.
 *   null: the samples cover less than a minute.
 */
export function worstMinute(
  timeline: Timeline,
  windows: readonly (Span & { id: number })[],
  startMs: number,
): WorstMinute | null {
  const rows = secondsOf(timeline);
  const first = rows.findIndex((row) => (value(timeline, "acknowledged_per_s", row) ?? 0) > 0);
  const last = rows.findLastIndex((row) => (value(timeline, "acknowledged_per_s", row) ?? 0) > 0);
  // Only while events were made: afterwards it is no surprise that nothing is stored.
  if (first < 0 || last - first + 1 < SECONDS) return null;
  const stored = rows.map((row) => value(timeline, "stored_per_s", row));
  let worst = first;
  let least = Infinity;
  for (let begin = first; begin + SECONDS <= last + 1; begin++) {
    // A second of which nobody knows what was stored counts as one in which nothing was.
    const sum = stored.slice(begin, begin + SECONDS).reduce((total: number, each) => total + (each ?? 0), 0);
    if (sum < least) [worst, least] = [begin, sum];
  }
  const baseMs = timeline.at_ms[0] as number;
  const seconds = Array.from({ length: SECONDS }, (_, index): Second => {
    const row = rows[worst + index];
    const fromMs = baseMs + (worst + index) * 1_000;
    return {
      acknowledged_per_s: rounded(value(timeline, "acknowledged_per_s", row)),
      stored_per_s: rounded(value(timeline, "stored_per_s", row)),
      lag: value(timeline, "lag", row),
      faults: windows.filter((window) => window.fromMs < fromMs + 1_000 && window.toMs > fromMs).map(({ id }) => id),
    };
  });
  return { from_ms: baseMs + worst * 1_000 - startMs, seconds };
}

/** The row of each second after the first sample; undefined: it has none. */
function secondsOf({ at_ms }: Timeline): (number | undefined)[] {
  const rows: (number | undefined)[] = [];
  const [baseMs = 0] = at_ms;
  for (const [row, atMs] of at_ms.entries()) {
    // The monitor ticks each second, a few milliseconds early or late.
    const second = Math.round((atMs - baseMs) / 1_000);
    while (rows.length <= second) rows.push(undefined);
    rows[second] ??= row;
  }
  return rows;
}

function value(
  { columns }: Timeline,
  name: "acknowledged_per_s" | "stored_per_s" | "lag",
  row: number | undefined,
): number | null {
  return row === undefined ? null : (columns[name][row] ?? null);
}

function rounded(figure: number | null): number | null {
  return figure === null ? null : Math.round(figure);
}
