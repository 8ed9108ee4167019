import type { FaultHistory } from "../../contract/fault-history.ts";

/** A stretch of time, ms since 1970. */
export type Span = { fromMs: number; toMs: number };

/**
 * The worst that was measured, in the unit of its bound. The truth lies between `least` and `worst`, because the evidence has a resolution;
 * `error` says which, as a phrase.
 */
export type Figure = { worst: number; least: number; error: string; what: string; fault?: FaultHistory };

/** `unknown`: the evidence that is missing, as a phrase. */
export type Measure = Figure | { unknown: string };

/** @returns from the injection until the node is ready again; until ever if it was not undone. */
export function disturbance({ injectedMs, healedMs, readyMs }: FaultHistory): Span {
  return { fromMs: injectedMs, toMs: Math.max(healedMs ?? Infinity, readyMs ?? -Infinity) };
}

export function overlaps(a: Span, b: Span): boolean {
  return a.fromMs < b.toMs && a.toMs > b.fromMs;
}

/** @returns the fault that shares the most time with this span; undefined: none does. */
export function faultIn(span: Span, faults: readonly FaultHistory[]): FaultHistory | undefined {
  const shared = (fault: FaultHistory) => {
    const window = disturbance(fault);
    return Math.min(span.toMs, window.toMs) - Math.max(span.fromMs, window.fromMs);
  };
  return faults.filter((fault) => overlaps(span, disturbance(fault))).toSorted((a, b) => shared(b) - shared(a))[0];
}

/** @returns the figure of a time without success, measured between two times that are each known to a millisecond. */
export function gapFigure(gap: Span & { partition: number }, faults: readonly FaultHistory[], by: string) {
  const worst = Math.round(gap.toMs - gap.fromMs);
  const fault = faultIn(gap, faults);
  return {
    worst,
    least: Math.max(0, worst - 1),
    error: `${by}, to 1 ms`,
    what: `on partition ${gap.partition}`,
    ...(fault !== undefined && { fault }),
  } satisfies Figure;
}
