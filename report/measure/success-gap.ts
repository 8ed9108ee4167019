import type { MeasureSource } from "../../contract/digest.ts";
import { coarsest, type KnownMeasure, type Moment, rounded } from "./measure.ts";

/** A stretch of time, ms since 1970. */
export type Span = { fromMs: number; toMs: number };

/**
 * Times of success of one partition, in columns because a ledger has millions. Success i was in (afterMs[i], untilMs[i]]; both are the same if it is
 * known exactly. Not decreasing.
 */
export type Series = {
  /** Since when success was due. */
  startMs: number;
  afterMs: readonly number[];
  untilMs: readonly number[];
  by: MeasureSource | readonly MeasureSource[];
  /** Places of successes of which nobody knows whether there was one: where two sources meet. */
  doubtful?: ReadonlySet<number>;
  /** Until when the evidence tells that there was no success after the last one. */
  endMs: number;
  /** Whether success was still due at the end. If not, the time after the last success is no gap. */
  openEnd: boolean;
  /** An orderly end of the producer, from the last acknowledgement before it to the next attempt (Infinity: there was none): nothing was due then. */
  pauses: readonly Span[];
};

/** A time between two successes, as it was seen: from the latest possible end of the one to the latest possible time of the other. */
export type Gap = Span & { lowMs: number; highMs: number; open: boolean; by: MeasureSource };

/**
 * @returns the longest gap that touches the span and is wanted, with the gap that makes it so long; undefined: there is none. `open`: one of the
 * wanted gaps was not over at the end.
 */
export function longestGap(
  series: Series,
  span: Span,
  wanted: (gap: Span) => boolean,
): { measure: KnownMeasure; gap: Gap } | undefined {
  let longest: Gap | undefined;
  let open = false;
  // If what is doubtful was no success, the gaps are longer: the upper bound leaves it out, the lower one does not.
  for (const gap of gaps(series, span, true)) {
    if (longest !== undefined && gap.highMs <= longest.highMs && !gap.open) continue;
    if (!wanted(gap)) continue;
    open ||= gap.open;
    if (longest === undefined || gap.highMs > longest.highMs) longest = gap;
  }
  if (longest === undefined) return undefined;
  let lowMs = 0;
  for (const gap of gaps(series, span, false)) if (gap.lowMs > lowMs && wanted(gap)) lowMs = gap.lowMs;
  return { measure: rounded({ lowMs, highMs: Math.max(lowMs, longest.highMs), open, by: longest.by }), gap: longest };
}

function* gaps(series: Series, span: Span, withoutDoubtful: boolean): Generator<Gap> {
  const { afterMs, untilMs, startMs } = series;
  const byOf = (index: number) => (typeof series.by === "string" ? series.by : (series.by[index] as MeasureSource));
  // The success before the first one in the span: it begins the gap in which the span begins.
  let index = Math.max(0, firstAbove(untilMs, span.fromMs) - 1);
  const isLeftOut = (place: number): boolean => withoutDoubtful && series.doubtful?.has(place) === true;
  while (index > 0 && isLeftOut(index)) index -= 1;
  // Before the first success of all it has been due since startMs.
  let from: Moment = { afterMs: startMs, untilMs: startMs, by: byOf(0) ?? "samples" };
  if (index > 0) from = momentAt(index++);
  for (; index < untilMs.length && from.untilMs < span.toMs; index++) {
    if (isLeftOut(index)) continue;
    const to = momentAt(index);
    const gap = between(from, to, series.pauses);
    if (gap !== undefined) yield gap;
    from = to;
  }
  if (index >= untilMs.length && series.openEnd && from.untilMs < span.toMs) {
    const end = { afterMs: series.endMs, untilMs: series.endMs, by: from.by };
    const gap = between(from, end, series.pauses);
    if (gap !== undefined) yield { ...gap, open: true };
  }

  function momentAt(place: number): Moment {
    return { afterMs: afterMs[place] as number, untilMs: untilMs[place] as number, by: byOf(place) };
  }
}

/** @returns undefined: nothing was due between them, or no time passed. */
function between(from: Moment, to: Moment, pauses: readonly Span[]): Gap | undefined {
  const pause = pauses.find(({ fromMs, toMs }) => from.untilMs >= fromMs && from.untilMs < toMs && to.untilMs > fromMs);
  if (pause !== undefined)
    return pause.toMs >= to.untilMs
      ? undefined
      : between({ afterMs: pause.toMs, untilMs: pause.toMs, by: from.by }, to, []);
  if (to.untilMs <= from.afterMs) return undefined;
  return {
    fromMs: from.untilMs,
    toMs: to.untilMs,
    lowMs: Math.max(0, to.afterMs - from.untilMs),
    highMs: to.untilMs - from.afterMs,
    open: false,
    by: coarsest([from.by, to.by]),
  };
}

/** @returns the first place whose value is above the limit; the length: there is none. */
export function firstAbove(values: readonly number[], limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
