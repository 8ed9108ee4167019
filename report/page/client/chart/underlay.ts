import type uPlot from "uplot";
import type { Stretch, Timeline, TimelineFault } from "../../../timeline/timeline.ts";
import { faded, type Palette } from "./palette.ts";

/** What lies below the traces of every panel: hatching where nothing is known, and the faults. */
export type Underlay = {
  timeline: Timeline;
  palette: Palette;
  startMs: number;
  /** The end of a phase that goes on. */
  nowMs: number;
  selected: number | undefined;
};

/** Pixels of the canvas, from and to, cut to the plot; undefined: outside of it. At least a pixel wide, so that nothing vanishes. */
export function pixels(plot: uPlot, startMs: number, fromMs: number, toMs: number): Stretch | undefined {
  const { left, width } = plot.bbox;
  const from = plot.valToPos(fromMs - startMs, "x", true);
  const to = plot.valToPos(toMs - startMs, "x", true);
  if (to < left || from > left + width) return undefined;
  const begin = Math.max(left, from);
  return [begin, Math.max(begin + 1, Math.min(left + width, to))];
}

export function drawHatching(plot: uPlot, { palette, startMs }: Underlay, stretches: readonly Stretch[]): void {
  const { ctx, bbox } = plot;
  ctx.fillStyle = palette.hatching;
  for (const [fromMs, toMs] of stretches) {
    const across = pixels(plot, startMs, fromMs, toMs);
    if (across !== undefined) ctx.fillRect(across[0], bbox.top, across[1] - across[0], bbox.height);
  }
}

/** The phases of a fault and how strongly each is filled. */
export function phasesOf(fault: TimelineFault, nowMs: number): { fromMs: number; toMs: number; strength: number }[] {
  const { injected_ms, active_ms, healed_ms, ready_ms, visible_ms } = fault;
  if (fault.failed !== null || fault.effective === false) return [];
  if (active_ms === null) return [{ fromMs: injected_ms, toMs: nowMs, strength: 0.1 }];
  const healedMs = healed_ms ?? nowMs;
  const readyMs = healed_ms === null ? healedMs : (ready_ms ?? nowMs);
  const phases = [
    { fromMs: injected_ms, toMs: active_ms, strength: 0.12 },
    { fromMs: active_ms, toMs: healedMs, strength: 0.22 },
    { fromMs: healedMs, toMs: readyMs, strength: 0.12 },
  ];
  const visibleFromMs = Math.max(readyMs, active_ms);
  if (visible_ms !== null && visible_ms > visibleFromMs)
    phases.push({ fromMs: visibleFromMs, toMs: visible_ms, strength: 0.06 });
  return phases.filter(({ fromMs, toMs }) => toMs > fromMs);
}

export function drawFaults(plot: uPlot, { timeline, palette, startMs, nowMs, selected }: Underlay): void {
  const { ctx, bbox } = plot;
  for (const fault of timeline.faults) {
    for (const { fromMs, toMs, strength } of phasesOf(fault, nowMs)) {
      const across = pixels(plot, startMs, fromMs, toMs);
      if (across === undefined) continue;
      ctx.fillStyle = faded(palette.fault, strength * (fault.id === selected ? 1.6 : 1));
      ctx.fillRect(across[0], bbox.top, across[1] - across[0], bbox.height);
    }
    const edge = pixels(plot, startMs, fault.injected_ms, fault.injected_ms);
    if (edge === undefined) continue;
    const isBite = fault.effective !== false && fault.failed === null;
    ctx.fillStyle = isBite ? faded(palette.fault, fault.id === selected ? 1 : 0.6) : faded(palette.muted, 0.6);
    ctx.fillRect(Math.round(edge[0]), bbox.top, Math.max(1, Math.round(devicePixelRatio)), bbox.height);
  }
}
