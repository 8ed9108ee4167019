import { isKnown, type KnownMeasure, longestOf, type Measure } from "../measure.ts";
import { type Gap, longestGap, type Series, type Span } from "../success-gap.ts";

/** From a fault's injection until all is well again as far as is known. */
export type FaultWindow = Span & { id: number };

/** The longest gap that is charged to a fault. `sharedWith`: ids of other faults that have a part in it, or in a gap that was going on at the injection. */
export type ChargedGap = { measure: Measure; sharedWith: number[] };

/**
 * A gap is charged to the faults in whose windows it begins. If it begins in no window, it is charged to the first fault that was injected while it
 * went on: the last success before an injection is what the gap is measured from.
 */
export function isCharged(gap: Span, to: FaultWindow, windows: readonly FaultWindow[]): boolean {
  if (beginsIn(gap, to)) return true;
  if (!isInjectedDuring(gap, to) || windows.some((window) => beginsIn(gap, window))) return false;
  const first = windows.filter((window) => isInjectedDuring(gap, window)).toSorted(byInjection)[0];
  return first?.id === to.id;
}

/** @returns the longest gap of all partitions that is charged to the window's fault. */
export function chargedGap(series: readonly Series[], to: FaultWindow, windows: readonly FaultWindow[]): ChargedGap {
  const isOf = (gap: Span): boolean => isCharged(gap, to, windows);
  const found = chargedGaps(series, to, windows);
  const measure = longestOf(found.map((gap) => gap.measure)) ?? { unknown: "no success was due in this time" };
  const worst = found[0];
  const shared = new Set<number>();
  // A gap of another fault that was going on at the injection: how long it would have lasted without this one, nobody knows.
  const isOfOther = (gap: Span): boolean => isInjectedDuring(gap, to) && !isOf(gap);
  const running = series.map((lane) => longestGap(lane, { fromMs: to.fromMs, toMs: to.fromMs }, isOfOther)?.gap);
  for (const gap of [worst?.gap, ...running]) {
    if (gap === undefined) continue;
    // An ordinary time between two successes lies across every injection; it is nobody's outage.
    if (gap !== worst?.gap && isKnown(measure) && gap.highMs < measure.lowMs) continue;
    for (const window of windows)
      if (window.id !== to.id && (beginsIn(gap, window) || isInjectedDuring(gap, window))) shared.add(window.id);
  }
  return { measure, sharedWith: [...shared].toSorted((a, b) => a - b) };
}

/** @returns each partition's longest gap that is charged to the window's fault, the longest first. */
export function chargedGaps(
  series: readonly Series[],
  to: FaultWindow,
  windows: readonly FaultWindow[],
): { measure: KnownMeasure; gap: Gap }[] {
  return series
    .map((lane) => longestGap(lane, to, (gap) => isCharged(gap, to, windows)))
    .filter((gap) => gap !== undefined)
    .toSorted((a, b) => b.gap.highMs - a.gap.highMs);
}

/** @returns the longest gap that touches none of the windows. The time before a partition's first success is that of a start, and not calm. */
export function calmGap(series: readonly Series[], windows: readonly Span[]): Measure {
  const isOutside = outsideOf(windows);
  const found = series.map((lane) => {
    const firstMs = lane.untilMs[0] ?? Infinity;
    const isCalm = (gap: Span): boolean => gap.fromMs >= firstMs && isOutside(gap);
    return longestGap(lane, { fromMs: firstMs, toMs: Infinity }, isCalm)?.measure;
  });
  return longestOf(found.filter((measure) => measure !== undefined)) ?? { unknown: "no success was due in this time" };
}

export function outsideOf(windows: readonly Span[]): (span: Span) => boolean {
  return (span) => windows.every((window) => span.toMs <= window.fromMs || span.fromMs >= window.toMs);
}

function beginsIn(gap: Span, window: Span): boolean {
  return gap.fromMs >= window.fromMs && gap.fromMs < window.toMs;
}

function isInjectedDuring(gap: Span, window: Span): boolean {
  return gap.fromMs < window.fromMs && gap.toMs > window.fromMs;
}

function byInjection(a: FaultWindow, b: FaultWindow): number {
  return a.fromMs - b.fromMs || a.id - b.id;
}
