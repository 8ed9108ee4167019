import { MEASURE_SOURCES, type MeasureSource } from "../../contract/digest.ts";

/**
 * A duration in ms, or why it is unknown. It lies between lowMs and highMs, which are the same if it is exact to 1 ms. `open`: it was not over when
 * the evidence ended, so it is longer than lowMs, and nobody knows by how much. `by`: the evidence that it was measured by.
 */
export type Measure = KnownMeasure | { unknown: string };
export type KnownMeasure = { lowMs: number; highMs: number; open: boolean; by: MeasureSource };

/** A time that is known to lie in (afterMs, untilMs], ms since 1970. */
export type Moment = { afterMs: number; untilMs: number; by: MeasureSource };

export function isKnown(measure: Measure): measure is KnownMeasure {
  return !("unknown" in measure);
}

/** A time that is known to 1 ms. */
export function exactly(atMs: number, by: MeasureSource): Moment {
  return { afterMs: atMs, untilMs: atMs, by };
}

/** @returns from a time that is known exactly to such a moment. */
export function until({ afterMs, untilMs, by }: Moment, fromMs: number): KnownMeasure {
  return rounded({ lowMs: afterMs - fromMs, highMs: untilMs - fromMs, open: false, by });
}

/** @returns the time from fromMs on, which was not over at seenMs. */
export function stillOpen(fromMs: number, seenMs: number, by: MeasureSource): KnownMeasure {
  return rounded({ lowMs: seenMs - fromMs, highMs: seenMs - fromMs, open: true, by });
}

/** To whole milliseconds, outwards: the truth stays inside. What is exact stays exact. A duration is never less than 0. */
export function rounded({ lowMs, highMs, open, by }: KnownMeasure): KnownMeasure {
  const isExact = highMs - lowMs < 0.5;
  const low = Math.max(0, isExact ? Math.round(highMs) : Math.floor(lowMs));
  return { lowMs: low, highMs: Math.max(low, isExact ? low : Math.ceil(highMs)), open, by };
}

/** @returns the longest of them; it is open if one of them is. Undefined: there are none. */
export function longestOf(measures: readonly KnownMeasure[]): KnownMeasure | undefined {
  if (measures.length === 0) return undefined;
  const lowMs = Math.max(...measures.map((measure) => measure.lowMs));
  const highMs = Math.max(...measures.map((measure) => measure.highMs));
  // Every measure that may be the longest has a say in how well the longest is known.
  const by = coarsest(measures.filter((measure) => measure.highMs >= lowMs).map((measure) => measure.by));
  return { lowMs, highMs, open: measures.some((measure) => measure.open), by };
}

/** @returns the source with the largest error. */
export function coarsest(sources: readonly MeasureSource[]): MeasureSource {
  return sources.reduce((a, b) => (MEASURE_SOURCES.indexOf(a) < MEASURE_SOURCES.indexOf(b) ? b : a));
}
