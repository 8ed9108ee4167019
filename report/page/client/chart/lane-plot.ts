import uPlot from "uplot";
import type { Lane, LaneState } from "../../../timeline/timeline.ts";
import type { Frame } from "./frame.ts";
import { faded } from "./palette.ts";
import { commonOptions, drawBelow, PADDING_PX, TIME_AXIS_PX, timeAxis } from "./trace-plot.ts";
import { phasesOf, pixels } from "./underlay.ts";

/** Height of one lane, CSS pixels: the names beside the plot have the same. */
export const LANE_PX = 18;
const BAR_PX = 10;

/** The swim lanes: one row per node. */
export function lanePlot(frame: Frame, host: HTMLElement, count: number): uPlot {
  const { xScale, ...common } = commonOptions(frame);
  const options: uPlot.Options = {
    ...common,
    width: frame.width,
    height: count * LANE_PX + TIME_AXIS_PX + 2 * PADDING_PX,
    scales: { x: xScale, y: { range: [0, 1] } },
    axes: [
      timeAxis(frame, 0),
      { size: frame.axisWidth, grid: { show: false }, ticks: { show: false }, values: () => [] },
    ],
    series: [{}, { show: true, stroke: "transparent", points: { show: false } }],
    hooks: {
      drawClear: [(plot) => drawBelow(plot, frame, [])],
      draw: [(plot) => drawLanes(plot, frame)],
      setSelect: [(plot) => frame.onSelect(plot)],
    },
  };
  return new uPlot(options, [[], []], host);
}

function drawLanes(plot: uPlot, frame: Frame): void {
  plot.ctx.save();
  for (const [row, lane] of frame.underlay.timeline.lanes.entries()) drawLane(plot, frame, lane, row);
  plot.ctx.restore();
}

const HEIGHT: Record<LaneState, number> = { up: 4, silent: 4, paused: 10, down: 10, "cut-off": 10, unknown: 6 };

function drawLane(plot: uPlot, { underlay }: Frame, lane: Lane, row: number): void {
  const { ctx, bbox } = plot;
  const { palette, startMs, timeline, nowMs } = underlay;
  const ratio = devicePixelRatio;
  const middle = bbox.top + (row + 0.5) * LANE_PX * ratio;
  for (const { state, from_ms, to_ms } of lane.spans) {
    const across = pixels(plot, startMs, from_ms, to_ms);
    if (across === undefined) continue;
    const height = HEIGHT[state] * ratio;
    ctx.fillStyle = state === "unknown" ? palette.hatching : palette[state];
    ctx.fillRect(across[0], middle - height / 2, across[1] - across[0], height);
    if (state === "cut-off") strike(ctx, across, middle, palette.plot);
  }
  // A fault that leaves its node at work, or that struck what is below it, is a frame around the bar.
  for (const fault of timeline.faults.filter(({ node }) => node === lane.name)) {
    const [from, to] = [phasesOf(fault, nowMs)[1]?.fromMs, phasesOf(fault, nowMs)[1]?.toMs];
    const across = from === undefined || to === undefined ? undefined : pixels(plot, startMs, from, to);
    if (across === undefined) continue;
    ctx.strokeStyle = palette.fault;
    ctx.lineWidth = ratio;
    ctx.strokeRect(across[0], middle - (BAR_PX / 2 + 2) * ratio, across[1] - across[0], (BAR_PX + 4) * ratio);
  }
  for (const { role, from_ms, to_ms } of lane.roles) {
    // Who stands by has no role yet; the lane's name has the word.
    if (role === "standby") continue;
    const across = pixels(plot, startMs, from_ms, to_ms);
    if (across === undefined) continue;
    ctx.fillStyle = faded(palette.text, 0.75);
    ctx.fillRect(across[0], middle + 3 * ratio, across[1] - across[0], 1.5 * ratio);
  }
  for (const restartMs of lane.restarts_ms) {
    const across = pixels(plot, startMs, restartMs, restartMs);
    if (across !== undefined) triangle(ctx, across[0], middle, 4 * ratio, palette.text);
  }
}

/** The mark of a start. */
function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, size: number, color: string): void {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.moveTo(x, y - size);
  ctx.lineTo(x + size * 1.5, y);
  ctx.lineTo(x, y + size);
  ctx.closePath();
  ctx.fill();
}

/** A cut-off node lives: a gap through the bar's middle tells it from a dead one without its colour. */
function strike(ctx: CanvasRenderingContext2D, [from, to]: [number, number], y: number, color: string): void {
  ctx.fillStyle = color;
  ctx.fillRect(from, y - devicePixelRatio, to - from, 2 * devicePixelRatio);
}
