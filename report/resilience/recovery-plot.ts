import { durationText } from "../view/number-text.ts";
import { FIGURES, type FaultGroup, type FigureName, spreadOf } from "./statistics.ts";
import { line, round, svg, text } from "./svg.ts";

const LEFT = 170;
const WIDTH = 860;
const ROW = 24;
const TICKS_MS = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];

/** One line per kind of fault and node, one dot per fault, on a logarithmic axis; a stroke at the median. */
export function recoveryPlot(groups: readonly FaultGroup[], figure: FigureName, title: string): string {
  const height = ROW * groups.length + 60;
  const [low, high] = [Math.log(TICKS_MS[0] as number), Math.log(TICKS_MS.at(-1) as number)];
  const x = (ms: number): number => {
    const share = (Math.log(Math.max(ms, 1)) - low) / (high - low);
    return LEFT + Math.min(1, Math.max(0, share)) * (WIDTH - LEFT - 30);
  };
  const bottom = 34 + ROW * groups.length;
  const body = [text(10, 18, title)];
  for (const tick of TICKS_MS)
    body.push(line("grid", x(tick), 28, x(tick), bottom), text(x(tick), bottom + 16, durationText(tick), "middle"));
  for (const [index, { name, faults }] of groups.entries()) {
    const y = 34 + ROW * index + ROW / 2;
    const spread = spreadOf(faults, figure);
    body.push(text(LEFT - 12, y + 4, `${name} (${spread?.n ?? 0})`, "end"));
    for (const fault of faults) {
      const measure = FIGURES[figure](fault);
      if ("unknown" in measure) continue;
      const kind = measure.open ? "open" : "dot";
      body.push(`<circle class="${kind}" cx="${round(x(measure.high_ms))}" cy="${round(y)}" r="4"/>`);
    }
    if (spread !== undefined) body.push(line("mid", x(spread.p50.ms), y - 8, x(spread.p50.ms), y + 8));
  }
  return svg(WIDTH, height, title, body);
}
