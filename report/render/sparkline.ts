import type { Sample } from "../../contract/sample.ts";
import type { Span } from "../measure/success-gap.ts";

const BARS = "▁▂▃▄▅▆▇█";
const UNKNOWN = "?";

/** Equal stretches of time from the first sample to the last. */
export type Timeline = { startMs: number; endMs: number; columns: number };

/** @returns undefined when there are no samples. */
export function timelineOf(samples: readonly Sample[], columns: number): Timeline | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return { startMs: first.at_ms, endMs: last.at_ms, columns: Math.min(columns, samples.length) };
}

/** The highest known value of each stretch as a bar (the lowest is 0); "?" where nothing is known. */
export function sparkline(
  samples: readonly Sample[],
  valueOf: (sample: Sample) => number | null,
  timeline: Timeline,
): string {
  const highest = Array.from<number | undefined>({ length: timeline.columns });
  for (const sample of samples) {
    const value = valueOf(sample);
    const column = columnOf(sample.at_ms, timeline);
    if (value !== null) highest[column] = Math.max(value, highest[column] ?? 0);
  }
  const top = Math.max(1, ...highest.map((value) => value ?? 0));
  return highest
    .map((value) => (value === undefined ? UNKNOWN : BARS[Math.ceil((value / top) * (BARS.length - 1))]))
    .join("");
}

/** "x" in each stretch that a span touches. */
export function markLine(spans: readonly Span[], timeline: Timeline): string {
  const marks = Array.from({ length: timeline.columns }, () => " ");
  for (const span of spans) {
    if (span.toMs < timeline.startMs || span.fromMs > timeline.endMs) continue;
    const last = columnOf(Math.min(span.toMs, timeline.endMs), timeline);
    for (let column = columnOf(Math.max(span.fromMs, timeline.startMs), timeline); column <= last; column++)
      marks[column] = "x";
  }
  return marks.join("").trimEnd();
}

function columnOf(atMs: number, { startMs, endMs, columns }: Timeline): number {
  const share = endMs > startMs ? (atMs - startMs) / (endMs - startMs) : 0;
  return Math.min(columns - 1, Math.max(0, Math.floor(share * columns)));
}
