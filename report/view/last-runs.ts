import type { Verdict } from "../../contract/verdict.ts";
import { isKnown, longestOf, type KnownMeasure, type Measure } from "../measure/measure.ts";
import { calmOf, type MeasuredRun } from "../measure/measured-run.ts";
import { figuresOf } from "../measure/throughput.ts";

/** One run among the last ones: its worst recovery figures. null: nobody knows, or there was no such fault. */
export type LastRun = {
  id: string;
  startMs: number;
  verdict: Verdict;
  /** Faults that had an effect. */
  faults: number;
  ackGap: KnownMeasure | null;
  sinkGap: KnownMeasure | null;
  visibleAgain: KnownMeasure | null;
  /** The median of the samples in calm. */
  calmP99Ms: number | null;
};

/** @returns undefined for a run without a verdict. */
export function lastRun(run: MeasuredRun): LastRun | undefined {
  const { id, startMs, verdict, recoveries, samples } = run;
  if (verdict.value === undefined) return undefined;
  const bitten = recoveries.faults.filter(({ effective }) => effective === true);
  const worst = (of: (fault: (typeof bitten)[number]) => Measure): KnownMeasure | null =>
    longestOf(bitten.map(of).filter(isKnown)) ?? null;
  const figures = figuresOf(samples.value?.samples ?? [], calmOf(run));
  return {
    id,
    startMs,
    verdict: verdict.value.verdict,
    faults: bitten.length,
    ackGap: worst(({ ackGap }) => ackGap.measure),
    sinkGap: worst(({ sinkGap }) => sinkGap.measure),
    visibleAgain: worst(({ visibleAgain }) => visibleAgain),
    calmP99Ms: figures.calm.latencyP99Ms?.median ?? null,
  };
}
