import type { Sample } from "../../contract/sample.ts";
import type { ColumnName, PanelName } from "./timeline.ts";

/** Events that are stored: rows and dead letters. */
export function storedOf({ rows, dead_letters }: Sample): number | null {
  return rows === null || dead_letters === null ? null : rows + dead_letters;
}

/**
 * Acknowledged events that are not stored. The two sources answer at slightly different times, so that the difference may be a little below zero:
 * that is none.
 */
export function unstoredOf(sample: Sample): number | null {
  const stored = storedOf(sample);
  return stored === null || sample.acknowledged === null ? null : Math.max(0, sample.acknowledged - stored);
}

/** The age of the oldest record that is not stored, over all partitions; unknown if it is unknown of one. */
export function oldestOf({ unstored_age_ms }: Sample): number | null {
  if (unstored_age_ms === null || unstored_age_ms.length === 0) return null;
  let oldest = 0;
  for (const age of unstored_age_ms) {
    if (age === null) return null;
    oldest = Math.max(oldest, age);
  }
  return oldest;
}

/** A count per second between two samples that follow each other without a gap. Null: one of them is unknown, or it went back. */
function perSecond(
  now: number | null,
  before: number | null | undefined,
  nowMs: number,
  beforeMs: number,
): number | null {
  if (now === null || before === null || before === undefined || nowMs <= beforeMs || now < before) return null;
  return ((now - before) * 1_000) / (nowMs - beforeMs);
}

/** @param before the sample before, if there is no gap between the two. */
export function figuresOf(sample: Sample, before: Sample | undefined): Record<ColumnName, number | null> {
  const rate = (of: (sample: Sample) => number | null, source: "producer" | "sink"): number | null =>
    before === undefined
      ? null
      : perSecond(
          of(sample),
          of(before),
          sample.answered_ms[source] ?? sample.at_ms,
          before.answered_ms[source] ?? before.at_ms,
        );
  return {
    acknowledged_per_s: rate(({ acknowledged }) => acknowledged, "producer"),
    stored_per_s: rate(storedOf, "sink"),
    lag: sample.lag,
    unstored_age_ms: oldestOf(sample),
    latency_p50_ms: sample.latency_p50_ms,
    latency_p99_ms: sample.latency_p99_ms,
    latency_max_ms: sample.latency_max_ms,
    isr_min: sample.isr === null || sample.isr.length === 0 ? null : Math.min(...sample.isr),
    under_replicated: sample.under_replicated,
  };
}

/** Whether a panel's sources say nothing in this sample. A second without rows has no latency, and that is known. */
export const IS_UNKNOWN: Record<PanelName, (figures: Record<ColumnName, number | null>, sample: Sample) => boolean> = {
  rate: (_, sample) => sample.acknowledged === null && storedOf(sample) === null,
  lag: ({ lag }) => lag === null,
  age: ({ unstored_age_ms }) => unstored_age_ms === null,
  latency: ({ latency_p50_ms }, sample) => latency_p50_ms === null && sample.answered_ms.latency === null,
  replicas: ({ isr_min, under_replicated }) => isr_min === null && under_replicated === null,
  standstill: (_, sample) => sample.next_offsets === null || sample.log_ends === null,
};
