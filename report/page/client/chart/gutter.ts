import type { LaneState, PanelName, Timeline } from "../../../timeline/timeline.ts";
import { durationText } from "../texts.ts";
import { element, setText } from "./dom.ts";
import type { Frame } from "./frame.ts";
import { HEAT_FROM_MS } from "./heat-levels.ts";
import { TRACE_PANELS } from "./panels.ts";

const LANE_TEXT: Record<LaneState, string> = {
  up: "up",
  silent: "does not answer",
  paused: "paused",
  down: "down",
  "cut-off": "cut off",
  unknown: "unknown",
};

type Row = { name: string; label: HTMLElement };

/** What stands left of the plots: titles, and each figure at the cursor, or the newest one. */
export class Gutter {
  /** One per panel, from top to bottom. */
  readonly rows: readonly Row[];
  readonly #lanes: { node: HTMLElement; state: HTMLElement }[];
  readonly #standstill = element("b", { class: "fl-value" });
  readonly #figures: HTMLElement[][];
  #frame: Frame | undefined;
  #row: number | undefined;

  constructor(timeline: Timeline) {
    this.#lanes = timeline.lanes.map(({ name }) => ({
      node: element("span", { class: "fl-lane-name", title: name }, [name]),
      state: element("span", { class: "fl-lane-state" }),
    }));
    const lanes = element(
      "div",
      { class: "fl-label fl-lane-names" },
      this.#lanes.map(({ node, state }) => element("div", { class: "fl-lane" }, [node, state])),
    );
    const partitions = timeline.standstill_ms.length;
    const standstill = element("div", { class: "fl-label" }, [
      element("div", { class: "fl-title" }, ["standstill"]),
      element("div", { class: "fl-figure" }, [
        element("span", { class: "fl-key" }, [partitions === 0 ? "partitions ?" : `worst of ${partitions}`]),
        this.#standstill,
      ]),
      element(
        "div",
        { class: "fl-heat-key", title: "the colours begin at these times" },
        HEAT_FROM_MS.map((ms) => element("span", {}, [durationText(ms)])),
      ),
    ]);
    this.#figures = TRACE_PANELS.map(({ traces }) => traces.map(() => element("b", { class: "fl-value" })));
    const traces = TRACE_PANELS.map(({ title, traces, name }, panel) => ({
      name,
      label: element("div", { class: "fl-label" }, [
        element("div", { class: "fl-title" }, [title]),
        // In the order of the eye: the trace that is drawn last lies on top.
        ...traces
          .map(({ label, color }, trace) =>
            element("div", { class: "fl-figure" }, [
              element("i", { class: `fl-swatch fl-swatch-${color}` }),
              element("span", { class: "fl-key" }, [label]),
              this.#figures[panel]?.[trace] as HTMLElement,
            ]),
          )
          .toReversed(),
      ]),
    }));
    this.rows = [{ name: "lanes", label: lanes }, { name: "standstill", label: standstill }, ...traces];
  }

  update(frame: Frame): void {
    this.#frame = frame;
    this.show(this.#row);
  }

  /** @param row of the timeline that is shown; undefined: the newest. */
  show(row: number | undefined): void {
    this.#row = row;
    if (this.#frame === undefined) return;
    const { timeline } = this.#frame.underlay;
    const at = Math.min(row ?? Infinity, timeline.at_ms.length - 1);
    for (const [panel, { name, traces, text }] of TRACE_PANELS.entries())
      for (const [trace, { column }] of traces.entries()) {
        const figure = this.#figures[panel]?.[trace];
        if (figure === undefined) continue;
        const value = timeline.columns[column][at] ?? null;
        setText(figure, value === null && isNone(timeline, name, at) ? "–" : text(value));
      }
    setText(this.#standstill, standstillText(timeline, at));
    const atMs = timeline.at_ms[at] ?? 0;
    for (const [index, { node, state }] of this.#lanes.entries()) {
      const lane = timeline.lanes[index];
      const span = lane?.spans.findLast(({ from_ms, to_ms }) => from_ms <= atMs && atMs <= to_ms);
      const role = lane?.roles.find(({ from_ms, to_ms }) => from_ms <= atMs && atMs <= to_ms)?.role;
      const known = span?.state ?? "unknown";
      node.dataset["state"] = known;
      setText(state, known === "up" ? (role ?? "") : LANE_TEXT[known]);
    }
  }
}

/** A second in which nothing was stored has no latency, and that is known. */
function isNone({ at_ms, gaps, unknown }: Timeline, panel: PanelName, row: number): boolean {
  const atMs = at_ms[row];
  if (panel !== "latency" || atMs === undefined) return false;
  return ![...gaps, ...unknown.latency].some(([fromMs, toMs]) => fromMs <= atMs && atMs <= toMs);
}

function standstillText({ standstill_ms }: Timeline, row: number): string {
  const values = standstill_ms.map((column) => column[row] ?? null);
  if (values.length === 0 || values.includes(null)) return "?";
  return durationText(Math.max(...(values as number[])));
}
