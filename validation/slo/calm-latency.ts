import { eventNumber } from "../../contract/event.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import type { SampledEvent } from "./event-sample.ts";
import { type Measure, overlaps, type Span } from "./measure.ts";

/** One-sided, 99 %. */
const DEVIATIONS = 2.33;

/**
 * The 99th percentile of the time from creation to commit, over sampled events whose whole way lay in calm.
 * @param disturbed from each fault's injection until all was well again. @param steadyMs when every partition had its first row.
 */
export async function calmLatency(
  lookUp: LookUpRows,
  sample: readonly SampledEvent[],
  disturbed: readonly Span[],
  steadyMs: number,
): Promise<Measure> {
  const rows = await lookUp(
    sample.map(({ partition, sequence }) => {
      const event = eventNumber(partition, sequence);
      return { low: event, high: event, pick: "first" };
    }),
  );
  const latencies = sample
    .flatMap(({ createdMs }, index) => {
      const committedMs = rows[index]?.committedMs;
      if (committedMs === undefined || createdMs < steadyMs) return [];
      const way = { fromMs: createdMs, toMs: Math.max(committedMs, createdMs + 1) };
      return disturbed.some((span) => overlaps(way, span)) ? [] : committedMs - createdMs;
    })
    .toSorted((a, b) => a - b);
  const count = latencies.length;
  if (count === 0) return { unknown: "no event was created and stored outside every fault's window" };
  const atRank = (rank: number) => Math.round(latencies[Math.min(count, Math.max(1, rank)) - 1] as number);
  // The rank of the percentile in a sample scatters like a binomial variable.
  const lowRank = Math.floor(count * 0.99 - DEVIATIONS * Math.sqrt(count * 0.99 * 0.01));
  return {
    worst: atRank(Math.ceil(count * 0.99)),
    least: Math.max(0, atRank(lowRank) - 1),
    error: `from ${count} sampled rows, by commit times; at least ${Math.max(0, atRank(lowRank) - 1)} ms`,
    what: "in calm",
  };
}
