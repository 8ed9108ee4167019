import type { Digest } from "../../contract/digest.ts";
import type { Timeline } from "../timeline/timeline.ts";

export type Course = NonNullable<Digest["course"]>;

/** A long run has so many steps at most: a plot is not wider. */
const MOST_STEPS = 400;
const LEAST_STEP_MS = 1_000;

/**
 * @returns the run in steps of equal length from its start: mean rates, and the highest lag; a step in which a figure is not known at all is null.
 *   null: no sample lies in the run.
 */
export function courseOf(
  { at_ms, columns }: Timeline,
  { startMs, endMs }: { startMs: number; endMs: number },
): Course | null {
  const stepMs = Math.max(LEAST_STEP_MS, Math.ceil((endMs - startMs) / MOST_STEPS / 1_000) * 1_000);
  const steps = Math.ceil((endMs - startMs) / stepMs);
  if (steps <= 0 || !at_ms.some((atMs) => atMs >= startMs && atMs <= endMs)) return null;
  const collect = (name: "acknowledged_per_s" | "stored_per_s" | "lag"): number[][] => {
    const found: number[][] = Array.from({ length: steps }, () => []);
    for (const [row, atMs] of at_ms.entries()) {
      const value = columns[name][row];
      if (value !== null && value !== undefined) found[Math.floor((atMs - startMs) / stepMs)]?.push(value);
    }
    return found;
  };
  return {
    step_ms: stepMs,
    acknowledged_per_s: collect("acknowledged_per_s").map(mean),
    stored_per_s: collect("stored_per_s").map(mean),
    lag: collect("lag").map((values) => (values.length === 0 ? null : Math.max(...values))),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}
