import { HEALTH_FRESH_MS, type Health } from "../../contract/health.ts";
import type { Sample } from "../../contract/sample.ts";
import type { VerdictFile } from "../../contract/verdict.ts";
import type { ObservedRun } from "../observed.ts";

/** What the monitor knows of its run, as far as it is shown here. */
export type Observed = Pick<ObservedRun, "directory" | "sample" | "health" | "faults"> & {
  pipeline: Pick<ObservedRun["pipeline"], "name" | "topic">;
};

/** Totals of the sample that are exposed as counters. */
export const TOTALS = ["attempted", "acknowledged", "rows", "duplicates", "dead_letters"] as const;
export type Total = (typeof TOTALS)[number];

/** All that the metrics are made of, at one time. Undefined is unknown: its metrics are left out. */
export type Facts = {
  atMs: number;
  observed: Observed;
  /** Undefined as well if it is older than `HEALTH_FRESH_MS`: it no longer says how things are. */
  sample: Sample | undefined;
  health: Health | undefined;
  totals: Partial<Record<Total, number>>;
  verdict: VerdictFile | undefined;
};

/**
 * Keeps the totals of a run from going backwards. A producer that starts again reads its ledger first and cuts off a torn end, so its status
 * may show less for a moment. Prometheus takes any decrease for a restart at zero, and would count the whole total twice.
 */
export class RunningTotals {
  #directory: string | undefined;
  #highest: Partial<Record<Total, number>> = {};

  /** @returns each total that the sample knows: the highest of this run so far. Another run begins anew. */
  of(directory: string, sample: Sample | undefined): Partial<Record<Total, number>> {
    if (directory !== this.#directory) this.#highest = {};
    this.#directory = directory;
    const known: Partial<Record<Total, number>> = {};
    for (const total of TOTALS) {
      const value = sample?.[total] ?? null;
      if (value !== null) known[total] = this.#highest[total] = Math.max(value, this.#highest[total] ?? 0);
    }
    return known;
  }
}

/** @returns the value, or undefined if it says how things were and not how they are. */
export function fresh<T extends { at_ms: number }>(value: T | undefined, atMs: number): T | undefined {
  return value !== undefined && atMs - value.at_ms <= HEALTH_FRESH_MS ? value : undefined;
}
