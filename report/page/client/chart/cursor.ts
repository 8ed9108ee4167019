import type uPlot from "uplot";
import { clockText, timeText } from "../texts.ts";
import { element, setText } from "./dom.ts";
import { type Frame, plotWidth } from "./frame.ts";
import { TRACE_PANELS } from "./panels.ts";
import { phasesOf } from "./underlay.ts";

type CursorOptions = {
  plots: () => readonly uPlot[];
  frame: Frame;
  /** Shows the figures of this row; undefined: the newest. */
  show: (row: number | undefined) => void;
  onFault: (id: number) => void;
  onSpoken: (text: string) => void;
};

/** Shift and an arrow key move so far. */
const LARGE_STEP = 10;

/** The one cursor of all panels, by mouse and by keyboard. */
export class ChartCursor {
  readonly #host: HTMLElement;
  readonly #options: CursorOptions;
  readonly #time = element("output", { class: "fl-cursor-time", "aria-hidden": "true" });
  /** ms after the start; undefined: no cursor. */
  #atMs: number | undefined;

  constructor(host: HTMLElement, options: CursorOptions) {
    this.#host = host;
    this.#options = options;
    host.tabIndex = 0;
    host.setAttribute("role", "group");
    host.setAttribute("aria-roledescription", "timeline");
    host.setAttribute(
      "aria-label",
      "Timeline of the run. Left and right move the cursor, F and Shift F go from fault to fault, Enter opens the fault, Plus, Minus and 0 zoom.",
    );
    host.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The plots are new. */
  attach(): void {
    this.#host.append(this.#time);
    this.#time.hidden = this.#atMs === undefined;
    for (const plot of this.#options.plots()) {
      plot.over.addEventListener("mousemove", () => this.#follow(plot));
      plot.over.addEventListener("mouseleave", () => this.#leave());
      plot.over.addEventListener("click", () => this.#open());
    }
  }

  /** The rows are others: the cursor stays at its time. */
  update(): void {
    if (this.#atMs === undefined) this.#options.show(undefined);
    else this.#place(this.#atMs);
  }

  #follow(plot: uPlot): void {
    const { left } = plot.cursor;
    if (left !== undefined && left >= 0) this.#tell(plot.posToVal(left, "x"));
  }

  #leave(): void {
    this.#atMs = undefined;
    this.#time.hidden = true;
    this.#options.show(undefined);
  }

  #tell(atMs: number): void {
    this.#atMs = atMs;
    const { frame, show } = this.#options;
    const { startMs, timeline } = frame.underlay;
    const row = nearest(timeline.at_ms, startMs + atMs);
    show(row);
    const [from, to] = frame.window;
    this.#time.hidden = false;
    setText(this.#time, `${timeText(atMs, true)} · ${clockText(startMs + atMs)}`);
    const share = Math.min(1, Math.max(0, (atMs - from) / (to - from)));
    const gutter = this.#host.clientWidth - frame.width + frame.axisWidth;
    this.#time.style.left = `${gutter + share * plotWidth(frame)}px`;
  }

  #place(atMs: number): void {
    for (const plot of this.#options.plots()) plot.setCursor({ left: plot.valToPos(atMs, "x"), top: 4 }, false);
    this.#tell(atMs);
  }

  /** The fault at the cursor: the one that lasts there, or has just begun. */
  #faultHere(): number | undefined {
    const { frame } = this.#options;
    const { timeline, startMs, nowMs } = frame.underlay;
    if (this.#atMs === undefined) return undefined;
    const atMs = startMs + this.#atMs;
    const nearMs = (frame.window[1] - frame.window[0]) / 200;
    return timeline.faults.findLast((fault) => {
      const endMs = phasesOf(fault, nowMs).at(-1)?.toMs ?? fault.injected_ms;
      return atMs >= fault.injected_ms - nearMs && atMs <= endMs + nearMs;
    })?.id;
  }

  #open(): void {
    const id = this.#faultHere();
    if (id !== undefined) this.#options.onFault(id);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.#host) return;
    const act = this.#actionOf(event);
    if (act === undefined) return;
    event.preventDefault();
    act();
  }

  #actionOf({ key, shiftKey }: KeyboardEvent): (() => void) | undefined {
    const step = shiftKey ? LARGE_STEP : 1;
    const { frame } = this.#options;
    const [from, to] = frame.window;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => this.#step(-step),
      ArrowRight: () => this.#step(step),
      ArrowDown: () => this.#toFault(1),
      ArrowUp: () => this.#toFault(-1),
      f: () => this.#toFault(1),
      F: () => this.#toFault(-1),
      Home: () => this.#speak(from),
      End: () => this.#speak(to),
      Enter: () => this.#open(),
      "0": () => frame.onZoom(undefined),
      "+": () => this.#zoom(0.5),
      "-": () => this.#zoom(2),
    };
    return actions[key];
  }

  #step(rows: number): void {
    const { timeline, startMs } = this.#options.frame.underlay;
    const last = timeline.at_ms.length - 1;
    const row = this.#atMs === undefined ? last : nearest(timeline.at_ms, startMs + this.#atMs);
    const atMs = timeline.at_ms[Math.min(last, Math.max(0, row + rows))];
    if (atMs !== undefined) this.#speak(atMs - startMs);
  }

  #toFault(direction: 1 | -1): void {
    const { timeline, startMs } = this.#options.frame.underlay;
    const here = startMs + (this.#atMs ?? (direction > 0 ? -Infinity : Infinity));
    const next =
      direction > 0
        ? timeline.faults.find(({ injected_ms }) => injected_ms > here + 1)
        : timeline.faults.findLast(({ injected_ms }) => injected_ms < here - 1);
    if (next !== undefined) this.#speak(next.injected_ms - startMs);
  }

  #zoom(factor: number): void {
    const [from, to] = this.#options.frame.window;
    const center = this.#atMs ?? (from + to) / 2;
    const half = Math.max(2_500, ((to - from) / 2) * factor);
    this.#options.frame.onZoom([center - half, center + half]);
  }

  #speak(atMs: number): void {
    const { frame, onSpoken } = this.#options;
    const [from, to] = frame.window;
    if (atMs < from || atMs > to) frame.onZoom([atMs - (to - from) / 2, atMs + (to - from) / 2]);
    this.#place(atMs);
    const { timeline, startMs } = frame.underlay;
    const row = nearest(timeline.at_ms, startMs + atMs);
    const id = this.#faultHere();
    const fault = timeline.faults.find((fault) => fault.id === id);
    const figures = TRACE_PANELS.flatMap(({ traces, text }) =>
      traces.map(({ label, column }) => `${label} ${text(timeline.columns[column][row])}`),
    );
    const about = fault === undefined ? [] : [`fault ${fault.id}: ${fault.kind} ${fault.node}, Enter opens it`];
    onSpoken([timeText(atMs), ...about, ...figures].join(", "));
  }
}

function nearest(times: readonly number[], ms: number): number {
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  const before = times[low - 1];
  return before !== undefined && ms - before < (times[low] as number) - ms ? low - 1 : low;
}
