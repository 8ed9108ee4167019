import uPlot from "uplot";
import type { Stretch } from "../../../timeline/timeline.ts";
import { timeText } from "../texts.ts";
import { type Frame, RIGHT_PX } from "./frame.ts";
import { faded } from "./palette.ts";
import { marks, stepped, TIME_STEPS_MS, type TracePanel } from "./panels.ts";
import { drawFaults, drawHatching } from "./underlay.ts";

const FONT = "11px ui-sans-serif, system-ui, sans-serif";
/** Height of the axis of times. */
export const TIME_AXIS_PX = 22;
export const PADDING_PX = 5;

/** @param side 0: above the plot; 2: below it; undefined: no labels, only the grid. */
export function timeAxis(frame: Frame, side: 0 | 2 | undefined): uPlot.Axis {
  return {
    side: side ?? 2,
    size: side === undefined ? 0 : TIME_AXIS_PX,
    gap: 2,
    font: FONT,
    space: 64,
    incrs: TIME_STEPS_MS,
    stroke: () => frame.underlay.palette.muted,
    grid: { stroke: () => frame.underlay.palette.grid, width: 1 },
    ticks: { show: side !== undefined, stroke: () => frame.underlay.palette.grid, size: 4, width: 1 },
    values: (_, splits) => (side === undefined ? splits.map(() => "") : splits.map((ms) => timeText(ms))),
  };
}

/** What all panels have in common: one time axis, one cursor, the drag that zooms. */
export function commonOptions(
  frame: Frame,
): Pick<uPlot.Options, "legend" | "cursor" | "padding"> & { xScale: uPlot.Scale } {
  return {
    legend: { show: false },
    // Half a line, so that the marks at top and bottom are whole.
    padding: [PADDING_PX, RIGHT_PX, PADDING_PX, 0],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 4 },
      sync: { key: frame.syncKey, setSeries: false },
      bind: {
        dblclick: () => () => {
          frame.onZoom(undefined);
          return null;
        },
      },
    },
    xScale: { time: false, range: () => frame.window },
  };
}

/** A panel of traces as uPlot draws it. */
export function tracePlot(frame: Frame, panel: TracePanel, host: HTMLElement, hasTimes: boolean): uPlot {
  const { xScale, ...common } = commonOptions(frame);
  const top = (most: number | null): number =>
    Math.max(panel.leastTop, (most ?? 0) * (panel.logFrom === undefined ? 1.08 : 1.6));
  const palette = () => frame.underlay.palette;
  const options: uPlot.Options = {
    ...common,
    width: frame.width,
    height: panel.height + (hasTimes ? TIME_AXIS_PX : 0),
    scales: {
      x: xScale,
      y: {
        range: (_, _least, most) => [0, top(most)],
        ...(panel.logFrom !== undefined && { distr: 4, asinh: panel.logFrom }),
      },
    },
    axes: [
      timeAxis(frame, hasTimes ? 2 : undefined),
      {
        size: frame.axisWidth,
        gap: 4,
        font: FONT,
        stroke: () => palette().muted,
        grid: { stroke: () => palette().grid, width: 1 },
        ticks: { show: false },
        splits: (plot) => marks(panel, plot.scales["y"]?.max ?? panel.leastTop),
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map((value) => panel.axisText(value)),
      },
    ],
    series: [
      {},
      ...panel.traces.map(({ color, isFilled = false, isStepped = false }) => ({
        stroke: () => palette()[color],
        width: 1.4,
        points: { size: 3, fill: () => palette()[color] },
        ...(isFilled && { fill: () => faded(palette()[color], 0.16) }),
        ...(isStepped && stepped !== undefined && { paths: stepped }),
      })),
    ],
    hooks: {
      drawClear: [(plot) => drawBelow(plot, frame, frame.underlay.timeline.unknown[panel.name])],
      setSelect: [(plot) => frame.onSelect(plot)],
    },
  };
  return new uPlot(options, [[], ...panel.traces.map(() => [])], host);
}

/** What lies below the traces. @param unknown where the panel's source did not answer */
export function drawBelow(plot: uPlot, { underlay }: Frame, unknown: readonly Stretch[]): void {
  plot.ctx.save();
  plot.ctx.fillStyle = underlay.palette.plot;
  plot.ctx.fillRect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
  drawHatching(plot, underlay, [...underlay.timeline.gaps, ...unknown]);
  drawFaults(plot, underlay);
  plot.ctx.restore();
}
