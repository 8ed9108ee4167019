import uPlot from "uplot";
import type { Column } from "../../../timeline/timeline.ts";
import type { Frame } from "./frame.ts";
import { HEAT_FROM_MS } from "./heat-levels.ts";
import type { Palette } from "./palette.ts";
import { commonOptions, drawBelow, PADDING_PX, timeAxis } from "./trace-plot.ts";

const MOST_PX = 180;

/** Height of a partition's row, CSS pixels: many partitions share what there is. */
export function heatRowPx(partitions: number): number {
  return Math.max(2, Math.min(12, Math.floor(MOST_PX / Math.max(1, partitions))));
}

/** The heat map of standstill: one row per partition. */
export function heatPlot(frame: Frame, host: HTMLElement, partitions: number): uPlot {
  const { xScale, ...common } = commonOptions(frame);
  const options: uPlot.Options = {
    ...common,
    width: frame.width,
    height: Math.max(1, partitions) * heatRowPx(partitions) + 2 * PADDING_PX,
    scales: { x: xScale, y: { range: [0, 1] } },
    axes: [
      timeAxis(frame, undefined),
      { size: frame.axisWidth, grid: { show: false }, ticks: { show: false }, values: () => [] },
    ],
    series: [{}, { stroke: "transparent", points: { show: false } }],
    hooks: {
      drawClear: [(plot) => drawBelow(plot, frame, frame.underlay.timeline.unknown.standstill)],
      draw: [(plot) => drawHeat(plot, frame)],
      setSelect: [(plot) => frame.onSelect(plot)],
    },
  };
  return new uPlot(options, [[], []], host);
}

function drawHeat(plot: uPlot, frame: Frame): void {
  const { underlay } = frame;
  const { ctx, bbox } = plot;
  const { timeline, palette } = underlay;
  ctx.save();
  const height = bbox.height / Math.max(1, timeline.standstill_ms.length);
  for (const [partition, column] of timeline.standstill_ms.entries())
    drawRow(plot, underlay.startMs, timeline.at_ms, column, bbox.top + partition * height, height, palette);
  ctx.restore();
}

function drawRow(
  plot: uPlot,
  startMs: number,
  times: readonly number[],
  column: Column,
  top: number,
  height: number,
  palette: Palette,
): void {
  const { ctx, bbox } = plot;
  for (const [row, value] of column.entries()) {
    const before = times[row - 1];
    if (value === null || value === 0 || before === undefined) continue;
    const color = heatColor(value, palette);
    const from = Math.max(bbox.left, plot.valToPos(before - startMs, "x", true));
    const to = Math.min(bbox.left + bbox.width, plot.valToPos((times[row] as number) - startMs, "x", true));
    if (color === undefined || to <= from) continue;
    ctx.fillStyle = color;
    ctx.fillRect(from, top + 0.5, Math.max(1, to - from + 0.5), Math.max(1, height - 1));
  }
}

function heatColor(ms: number, palette: Palette): string | undefined {
  const level = HEAT_FROM_MS.findLastIndex((fromMs) => ms >= fromMs);
  return [palette["heat-1"], palette["heat-2"], palette["heat-3"], palette["heat-4"]][level];
}
