import type { Span } from "../measure/success-gap.ts";
import type { ColumnName, Timeline } from "../timeline/timeline.ts";

const BARS = "▁▂▃▄▅▆▇█";
const UNKNOWN = "?";

/** A value at a time; null: unknown. */
export type Point = { atMs: number; value: number | null };

/** One column of a timeline. */
export function pointsOf({ at_ms, columns }: Timeline, name: ColumnName): Point[] {
  return at_ms.map((atMs, row) => ({ atMs, value: columns[name][row] ?? null }));
}

/** Equal stretches of time from the first point to the last. */
export type Stretch = { startMs: number; endMs: number; columns: number };

/** @returns undefined when there are no points. */
export function stretchOf(points: readonly Point[], columns: number): Stretch | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return { startMs: first.atMs, endMs: last.atMs, columns: Math.min(columns, points.length) };
}

/** The highest known value of each stretch as a bar (the lowest is 0); "?" where nothing is known. */
export function sparkline(points: readonly Point[], stretch: Stretch): string {
  const highest = Array.from<number | undefined>({ length: stretch.columns });
  for (const { atMs, value } of points) {
    const column = columnOf(atMs, stretch);
    if (value !== null) highest[column] = Math.max(value, highest[column] ?? 0);
  }
  const top = Math.max(1, ...highest.map((value) => value ?? 0));
  return highest
    .map((value) => (value === undefined ? UNKNOWN : BARS[Math.ceil((value / top) * (BARS.length - 1))]))
    .join("");
}

/** "x" in each stretch that a span touches. */
export function markLine(spans: readonly Span[], timeline: Stretch): string {
  const marks = Array.from({ length: timeline.columns }, () => " ");
  for (const span of spans) {
    if (span.toMs < timeline.startMs || span.fromMs > timeline.endMs) continue;
    const last = columnOf(Math.min(span.toMs, timeline.endMs), timeline);
    for (let column = columnOf(Math.max(span.fromMs, timeline.startMs), timeline); column <= last; column++)
      marks[column] = "x";
  }
  return marks.join("").trimEnd();
}

function columnOf(atMs: number, { startMs, endMs, columns }: Stretch): number {
  const share = endMs > startMs ? (atMs - startMs) / (endMs - startMs) : 0;
  return Math.min(columns - 1, Math.max(0, Math.floor(share * columns)));
}
