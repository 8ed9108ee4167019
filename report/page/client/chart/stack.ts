import type uPlot from "uplot";
import { thin } from "../../../timeline/thin.ts";
import { emptyTimeline, type Timeline } from "../../../timeline/timeline.ts";
import { ChartCursor } from "./cursor.ts";
import { element } from "./dom.ts";
import type { Frame } from "./frame.ts";
import { Gutter } from "./gutter.ts";
import { heatPlot } from "./heat-plot.ts";
import { lanePlot } from "./lane-plot.ts";
import { readPalette } from "./palette.ts";
import { TRACE_PANELS } from "./panels.ts";
import { Rail } from "./rail.ts";
import { tracePlot } from "./trace-plot.ts";

export type StackOptions = {
  /** A fault was clicked, or Enter was pressed on it. */
  onFault?: ((id: number) => void) | undefined;
  /** What the cursor stands on, for people who do not see it. */
  onSpoken?: ((text: string) => void) | undefined;
};

/** Narrower than this, CSS pixels, the axes give way. */
const NARROW_PX = 560;
/** Beside the first and the last time, so that nothing lies on the edge. */
const MARGIN_SHARE = 0.01;
const LEAST_WINDOW_MS = 5_000;
let stacks = 0;

/** The panels of a run, one below the other, with one axis of times and one cursor. */
export class ChartStack {
  readonly #host: HTMLElement;
  readonly #options: StackOptions;
  readonly #rail: Rail;
  readonly #cursor: ChartCursor;
  readonly #observer: ResizeObserver;
  #gutter: Gutter;
  #whole: Timeline = emptyTimeline();
  #plots: uPlot[] = [];
  /** What the plots were made for; other numbers need other plots. */
  #shape = "";
  /** What is zoomed to, ms after the start. */
  #zoom: [number, number] | undefined;
  /** Only the last so many ms. */
  #lastMs: number | undefined;
  readonly #frame: Frame;
  #drawnWidth = 0;
  /** A selection is being dragged: new data would move the ground under it. */
  #isDragged = false;
  readonly #holdStill = (): void => {
    this.#isDragged = true;
  };
  /** The plots have heard of it first: they are below the window. */
  readonly #goOn = (): void => {
    if (!this.#isDragged) return;
    this.#isDragged = false;
    this.#draw();
  };

  constructor(host: HTMLElement, options: StackOptions = {}) {
    this.#host = host;
    this.#options = options;
    host.classList.add("fl-stack");
    this.#frame = {
      syncKey: `faultline-${(stacks += 1)}`,
      width: 0,
      axisWidth: 44,
      window: [0, 1],
      underlay: { timeline: this.#whole, palette: readPalette(host), startMs: 0, nowMs: 0, selected: undefined },
      onSelect: (plot) => this.#select(plot),
      onZoom: (window) => this.zoom(window),
    };
    this.#gutter = new Gutter(this.#whole);
    this.#rail = new Rail((id) => this.#options.onFault?.(id));
    this.#cursor = new ChartCursor(host, {
      plots: () => this.#plots,
      frame: this.#frame,
      show: (row) => this.#gutter.show(row),
      onFault: (id) => this.#options.onFault?.(id),
      onSpoken: (text) => this.#options.onSpoken?.(text),
    });
    this.#observer = new ResizeObserver(() => {
      if (host.clientWidth !== this.#drawnWidth) this.#draw();
    });
    this.#observer.observe(host);
    host.addEventListener("mousedown", this.#holdStill);
    addEventListener("mouseup", this.#goOn);
  }

  /** @param nowMs the end of what goes on, ms since 1970; default: the last time of the timeline. */
  setTimeline(timeline: Timeline, nowMs?: number): void {
    this.#whole = timeline;
    const lastMs = timeline.at_ms.at(-1) ?? timeline.faults.at(-1)?.injected_ms ?? 0;
    this.#frame.underlay.startMs = timeline.start_ms ?? lastMs;
    this.#frame.underlay.nowMs = Math.max(nowMs ?? 0, lastMs);
    this.#draw();
  }

  /** Only this part, ms after the start; undefined: all. */
  zoom(window: [number, number] | undefined): void {
    this.#zoom = window;
    this.#lastMs = undefined;
    this.#draw();
  }

  /** Only the last so many ms, also as time goes on; undefined: all. */
  follow(lastMs: number | undefined): void {
    this.#zoom = undefined;
    this.#lastMs = lastMs;
    this.#draw();
  }

  get isZoomed(): boolean {
    return this.#zoom !== undefined;
  }

  /** Marks this fault, and brings it into view. */
  select(id: number | undefined): void {
    this.#frame.underlay.selected = id;
    const fault = this.#whole.faults.find((fault) => fault.id === id);
    if (fault !== undefined) this.#reveal(fault.injected_ms - this.#frame.underlay.startMs);
    this.#draw();
  }

  /** The colours of the style sheet have changed. */
  repaint(): void {
    this.#frame.underlay.palette = readPalette(this.#host);
    this.#draw();
  }

  destroy(): void {
    this.#observer.disconnect();
    this.#host.removeEventListener("mousedown", this.#holdStill);
    removeEventListener("mouseup", this.#goOn);
    for (const plot of this.#plots) plot.destroy();
    this.#plots = [];
    this.#host.replaceChildren();
  }

  #reveal(atMs: number): void {
    const [from, to] = this.#frame.window;
    if (atMs >= from && atMs <= to) return;
    const half = (to - from) / 2;
    this.#lastMs = undefined;
    this.#zoom = [atMs - half, atMs + half];
  }

  #select(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const from = plot.posToVal(left, "x");
    const to = plot.posToVal(left + width, "x");
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoom([from, Math.max(to, from + LEAST_WINDOW_MS)]);
  }

  #window(): [number, number] {
    if (this.#zoom !== undefined) return this.#zoom;
    const { startMs, nowMs } = this.#frame.underlay;
    const end = Math.max(nowMs - startMs, LEAST_WINDOW_MS);
    const begin = this.#lastMs === undefined ? 0 : Math.max(0, end - this.#lastMs);
    const margin = (end - begin) * MARGIN_SHARE;
    return [begin - margin, end + margin];
  }

  #draw(): void {
    const hostWidth = this.#host.clientWidth;
    if (hostWidth === 0 || this.#isDragged) return;
    this.#drawnWidth = hostWidth;
    this.#frame.window = this.#window();
    this.#frame.axisWidth = hostWidth < NARROW_PX ? 40 : 44;
    const shape = [hostWidth, this.#whole.lanes.map(({ name }) => name), this.#whole.standstill_ms.length].join("|");
    if (shape !== this.#shape) this.#build(shape);
    const { startMs } = this.#frame.underlay;
    const [fromMs, toMs] = this.#frame.window;
    const shown = thin(this.#whole, { fromMs: startMs + fromMs, toMs: startMs + toMs });
    this.#frame.underlay.timeline = shown;
    const times = shown.at_ms.map((ms) => ms - startMs);
    const nothing = times.map(() => null);
    const data = [
      [times, nothing],
      [times, nothing],
      ...TRACE_PANELS.map(({ traces }) => [times, ...traces.map(({ column }) => shown.columns[column])]),
    ] as uPlot.AlignedData[];
    for (const [index, plot] of this.#plots.entries()) plot.setData(data[index] as uPlot.AlignedData);
    this.#rail.draw(this.#frame);
    this.#gutter.update(this.#frame);
    this.#cursor.update();
  }

  /** Makes the plots anew: their number of lanes, partitions or pixels is another. */
  #build(shape: string): void {
    this.#shape = shape;
    for (const plot of this.#plots) plot.destroy();
    this.#host.replaceChildren();
    this.#gutter = new Gutter(this.#whole);
    const rows = this.#gutter.rows.map(({ name, label }) => {
      const plot = element("div", { class: "fl-plot" });
      this.#host.append(element("div", { class: `fl-panel fl-panel-${name}` }, [label, plot]));
      return plot;
    });
    const [lanes, heat, ...traces] = rows;
    if (lanes === undefined || heat === undefined) return;
    this.#frame.width = lanes.clientWidth;
    lanes.before(this.#rail.element);
    const last = TRACE_PANELS.length - 1;
    this.#plots = [
      lanePlot(this.#frame, lanes, Math.max(1, this.#whole.lanes.length)),
      heatPlot(this.#frame, heat, this.#whole.standstill_ms.length),
      ...TRACE_PANELS.map((panel, index) =>
        tracePlot(this.#frame, panel, traces[index] as HTMLElement, index === last),
      ),
    ];
    this.#rail.place(this.#frame);
    this.#cursor.attach();
  }
}
