import type uPlot from "uplot";
import type { Underlay } from "./underlay.ts";

/** What the plots of one stack share. */
export type Frame = {
  /** Unique on the page. */
  syncKey: string;
  /** Of a plot with its axis, and of that axis; CSS pixels. */
  width: number;
  axisWidth: number;
  /** The time that is shown, ms after the start. */
  window: [number, number];
  underlay: Underlay;
  /** A part was selected with the mouse. */
  onSelect(plot: uPlot): void;
  /** ms after the start; undefined: all. */
  onZoom(window: [number, number] | undefined): void;
};

/** Right of the plots, so that the last time's label is whole. */
export const RIGHT_PX = 16;

/** Of the plot alone, without its axis. */
export function plotWidth({ width, axisWidth }: Frame): number {
  return width - axisWidth - RIGHT_PX;
}
