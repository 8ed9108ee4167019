import type { Sample } from "../../contract/sample.ts";
import { outsideOf } from "./success/charge.ts";
import type { Span } from "./success-gap.ts";

/** Computed over single samples of about a second each; not percentiles over events. */
export type Spread = { samples: number; median: number; lowest: number; highest: number };

export type Figures = {
  samples: number;
  acknowledgedPerS: Spread | undefined;
  rowsPerS: Spread | undefined;
  latencyP50Ms: Spread | undefined;
  latencyP99Ms: Spread | undefined;
  lag: Spread | undefined;
};

/** `during`: samples in a fault's window, from the injection until all was well again. `calm`: after the first rows, outside of every window. */
export type SplitFigures = { all: Figures; calm: Figures; during: Figures };

/** What tells calm from the rest. */
export type Calm = {
  windows: readonly Span[];
  /** When every partition had stored its first rows and little was waiting. Undefined: it never came to that, so nothing was calm. */
  steadyMs: number | undefined;
  /** The producer had ended in order: while everything was stored, nothing flowed. */
  pauses?: readonly Span[];
};

const MAXIMUM_STEP_MS = 5_000;

/** Computes figures over the time in which events flowed: from the first growth of `acknowledged` or `rows` to the last. */
export function figuresOf(samples: readonly Sample[], { windows, steadyMs, pauses = [] }: Calm): SplitFigures {
  const isOfPause = ({ before, sample }: Step): boolean =>
    sample.lag === 0 && pauses.some(({ fromMs, toMs }) => before.at_ms >= fromMs && sample.at_ms <= toMs);
  const steps = flowing(samples).filter((step) => !isOfPause(step));
  const isOutside = outsideOf(windows);
  const { calm = [], during = [] } = Object.groupBy(steps, ({ before, sample }) => {
    if (!isOutside({ fromMs: before.at_ms, toMs: sample.at_ms })) return "during";
    return before.at_ms >= (steadyMs ?? Infinity) ? "calm" : "start";
  });
  return { all: figures(steps), calm: figures(calm), during: figures(during) };
}

type Step = { before: Sample; sample: Sample };

function flowing(samples: readonly Sample[]): Step[] {
  const steps = samples.slice(1).map((sample, index) => ({ before: samples[index] as Sample, sample }));
  const grows = ({ before, sample }: Step): boolean =>
    (sample.acknowledged ?? 0) > (before.acknowledged ?? 0) || (sample.rows ?? 0) > (before.rows ?? 0);
  const first = steps.findIndex(grows);
  return first < 0 ? [] : steps.slice(first, steps.findLastIndex(grows) + 1);
}

function figures(steps: readonly Step[]): Figures {
  return {
    samples: steps.length,
    acknowledgedPerS: spread(steps.map((step) => perSecond(step, "acknowledged"))),
    rowsPerS: spread(steps.map((step) => perSecond(step, "rows"))),
    latencyP50Ms: spread(steps.map((step) => step.sample.latency_p50_ms)),
    latencyP99Ms: spread(steps.map((step) => step.sample.latency_p99_ms)),
    lag: spread(steps.map((step) => step.sample.lag)),
  };
}

/** @returns the growth per second between two samples; null if it is unknown in one of them, or if they are more than 5 s apart. */
export function perSecond({ before, sample }: Step, member: "acknowledged" | "rows" | "log_end"): number | null {
  const [from, to] = [before[member], sample[member]];
  const stepMs = sample.at_ms - before.at_ms;
  return from === null || to === null || stepMs <= 0 || stepMs > MAXIMUM_STEP_MS
    ? null
    : ((to - from) * 1_000) / stepMs;
}

function spread(values: readonly (number | null)[]): Spread | undefined {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const [lowest, highest] = [known[0], known.at(-1)];
  // The lower median: one of the values, as percentile_disc has it.
  const median = known[Math.ceil(known.length / 2) - 1];
  if (lowest === undefined || highest === undefined || median === undefined) return undefined;
  return { samples: known.length, median, lowest, highest };
}
