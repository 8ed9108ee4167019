import uPlot from "uplot";
import type { ColumnName, PanelName } from "../../../timeline/timeline.ts";
import { countText, durationText, shortDurationText, shortText } from "../texts.ts";
import type { ColorName } from "./palette.ts";

type Trace = { column: ColumnName; label: string; color: ColorName; isFilled?: boolean; isStepped?: boolean };

/** One panel of traces: what it draws, and how its figures are written. */
export type TracePanel = {
  name: PanelName;
  title: string;
  traces: readonly Trace[];
  height: number;
  text: (value: number | null | undefined) => string;
  axisText: (value: number) => string;
  /** Logarithmic from this value on; below, down to zero, it is linear. Undefined: linear throughout. */
  logFrom?: number;
  /** The axis reaches at least so far. */
  leastTop: number;
};

const countPanel = { text: countText, axisText: shortText };
const durationPanel = { text: durationText, axisText: shortDurationText };

export const TRACE_PANELS: readonly TracePanel[] = [
  {
    ...countPanel,
    name: "rate",
    title: "events / s",
    height: 104,
    leastTop: 10,
    traces: [
      { column: "stored_per_s", label: "stored", color: "stored", isFilled: true },
      { column: "acknowledged_per_s", label: "acknowledged", color: "acknowledged" },
    ],
  },
  {
    ...countPanel,
    name: "lag",
    title: "lag, records",
    height: 84,
    logFrom: 1,
    leastTop: 100,
    traces: [{ column: "lag", label: "in the log, not stored", color: "lag", isFilled: true }],
  },
  {
    ...durationPanel,
    name: "age",
    title: "oldest unstored",
    height: 84,
    logFrom: 100,
    leastTop: 1_000,
    traces: [{ column: "unstored_age_ms", label: "age", color: "age", isFilled: true }],
  },
  {
    ...durationPanel,
    name: "latency",
    title: "latency to commit",
    height: 96,
    logFrom: 10,
    leastTop: 100,
    traces: [
      { column: "latency_max_ms", label: "max", color: "max" },
      { column: "latency_p99_ms", label: "p99", color: "p99" },
      { column: "latency_p50_ms", label: "p50", color: "p50" },
    ],
  },
  {
    ...countPanel,
    name: "replicas",
    title: "replicas",
    height: 64,
    leastTop: 3,
    traces: [
      { column: "isr_min", label: "smallest ISR", color: "isr", isStepped: true },
      { column: "under_replicated", label: "under-replicated", color: "under", isStepped: true, isFilled: true },
    ],
  },
];

/** Round marks of an axis: powers of ten where it is logarithmic, a few even steps where it is not. */
export function marks(panel: TracePanel, top: number): number[] {
  if (panel.logFrom !== undefined) {
    const powers = [0];
    for (let mark = panel.logFrom; mark <= top; mark *= 10) powers.push(mark);
    // At most five labels fit.
    const stride = Math.ceil(powers.length / 5);
    return powers.filter((_, index) => index % stride === 0);
  }
  const step = evenStep(top / 3);
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
}

function evenStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? power);
}

/** Steps of the time axis, ms. */
export const TIME_STEPS_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
].map((seconds) => seconds * 1_000);

export const stepped = uPlot.paths.stepped?.({ align: -1 });
