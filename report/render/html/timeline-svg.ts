import { thin } from "../../timeline/thin.ts";
import type { ColumnName, Timeline } from "../../timeline/timeline.ts";
import { countText, offsetText } from "../../view/number-text.ts";
import type { RunView } from "../../view/run-view.ts";
import { markup, type Markup } from "./markup.ts";

const [WIDTH, LEFT, PANEL, GAP, TOP] = [1000, 90, 110, 26, 20];
const POINTS = 500;

type Line = { column: ColumnName; className: string; name: string };
const PANELS: { title: string; lines: Line[] }[] = [
  {
    title: "events/s",
    lines: [
      { column: "acknowledged_per_s", className: "line-acknowledged", name: "acknowledged" },
      { column: "stored_per_s", className: "line-stored", name: "stored" },
    ],
  },
  { title: "lag, events", lines: [{ column: "lag", className: "line-lag", name: "lag" }] },
];

/** Rates, lag and the times of the faults as one picture, for paper and for readers without scripts. Unknown is a gap in the line. */
export function timelineSvg({ timeline, startMs, endMs, faults, windows }: RunView): Markup {
  const data = thin(timeline, { points: POINTS });
  const [fromMs, toMs] = [data.at_ms[0], data.at_ms.at(-1)];
  if (fromMs === undefined || toMs === undefined || toMs <= fromMs)
    return markup`<p>No time line: there are no samples.</p>`;
  const x = (atMs: number): number =>
    LEFT + ((Math.min(toMs, Math.max(fromMs, atMs)) - fromMs) / (toMs - fromMs)) * (WIDTH - LEFT - 10);
  const bottom = TOP + PANELS.length * (PANEL + GAP) - GAP;
  const bands = faults.map((fault, index) => {
    const until = fault.effective === true ? (windows[index]?.toMs ?? endMs) : (fault.healedMs ?? fault.injectedMs);
    const [left, right] = [x(fault.injectedMs), x(Math.min(until, toMs))];
    return markup`<g
      ><rect
        class="${fault.effective === true ? "band" : "band band-none"}"
        x="${round(left)}"
        y="${TOP}"
        width="${round(Math.max(1.5, right - left))}"
        height="${bottom - TOP}"
        ><title>${fault.id}: ${fault.kind} ${fault.node}</title></rect
      ><text class="band-text" x="${round(left + 2)}" y="${TOP - 5}">${fault.id}</text></g
    >`;
  });
  const panels = PANELS.map((panel, index) => panelSvg(panel, data, TOP + index * (PANEL + GAP), x));
  return markup`<figure id="timeline-still">
    <svg role="img" aria-label="Rates, lag and faults over the run" viewBox="0 0 ${WIDTH} ${bottom + 24}">
      ${bands}${panels}
      <text class="axis" x="${LEFT}" y="${bottom + 18}">${offsetText(fromMs - startMs)}</text>
      <text class="axis axis-end" x="${WIDTH - 10}" y="${bottom + 18}">${offsetText(toMs - startMs)}</text>
    </svg>
    <figcaption>
      Acknowledged and stored events per second, and the lag. A band is a fault, from its injection until all was well
      again; its number is that of the table.
    </figcaption>
  </figure>`;
}

function panelSvg(
  { title, lines }: (typeof PANELS)[number],
  data: Timeline,
  top: number,
  x: (atMs: number) => number,
): Markup {
  const values = lines.flatMap(({ column }) => data.columns[column].filter((value) => value !== null));
  const highest = values.reduce((a, b) => Math.max(a, b), 1);
  const y = (value: number): number => top + PANEL - (value / highest) * PANEL;
  return markup`<g
    ><path class="grid" d="M${LEFT} ${top}H${WIDTH - 10}M${LEFT} ${top + PANEL}H${WIDTH - 10}" />
    <text class="axis axis-end" x="${LEFT - 8}" y="${top + 10}">${countText(highest)}</text
    ><text class="axis axis-end" x="${LEFT - 8}" y="${top + PANEL}">0</text
    ><text class="axis axis-end" x="${LEFT - 8}" y="${top + PANEL / 2}">${title}</text>
    ${lines.map(({ column, className, name }) => markup`<path class="line ${className}" d="${pathOf(data.at_ms, data.columns[column], x, y)}"><title>${name}</title></path>`)}</g
  >`;
}

function pathOf(
  times: readonly number[],
  values: readonly (number | null)[],
  x: (atMs: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let isDown = false;
  for (const [row, value] of values.entries()) {
    if (value !== null) path += `${isDown ? "L" : "M"}${round(x(times[row] as number))} ${round(y(value))}`;
    isDown = value !== null;
  }
  return path === "" ? "M0 0" : path;
}

const round = (value: number): string => value.toFixed(1).replace(/\.0$/, "");
