import type { Digest, DigestFault } from "../../contract/digest.ts";
import { countText, offsetText } from "../view/number-text.ts";
import { curve, line, round, svg, text } from "./svg.ts";

const WIDTH = 860;
const LEFT = 60;
const RIGHT = 20;

type Series = {
  fromMs: number;
  stepMs: number;
  acknowledged: (number | null)[];
  stored: (number | null)[];
  lag: (number | null)[];
};
type Band = { fromMs: number; toMs: number };

/** The whole run: rates above, lag below, a band for each fault from its injection until its events are visible again. */
export function coursePlot({ course, faults, run_id, runtime, trigger }: Digest): string | undefined {
  if (course === null) return undefined;
  const { step_ms: stepMs, acknowledged_per_s: acknowledged, stored_per_s: stored, lag } = course;
  const series = { fromMs: 0, stepMs, acknowledged, stored, lag };
  const bands = faults.filter(({ effective }) => effective === true).map(bandOf);
  return plot(series, bands, `${run_id}, ${runtime}, ${trigger}: events per second, and lag`);
}

/** The minute in which the least was stored, second by second. */
export function worstMinutePlot({ worst_minute: minute, faults, run_id }: Digest): string | undefined {
  if (minute === null) return undefined;
  const { from_ms: fromMs, seconds } = minute;
  const series = {
    fromMs,
    stepMs: 1_000,
    acknowledged: seconds.map(({ acknowledged_per_s }) => acknowledged_per_s),
    stored: seconds.map(({ stored_per_s }) => stored_per_s),
    lag: seconds.map(({ lag }) => lag),
  };
  const active = new Set(seconds.flatMap(({ faults: ids }) => ids));
  const bands = faults.filter(({ id }) => active.has(id)).map(bandOf);
  return plot(series, bands, `${run_id}: the worst minute, second by second`);
}

function bandOf({ at_ms, visible_again: visible, held, detected }: DigestFault): Band {
  const least = [detected, held].reduce((sum, measure) => sum + ("unknown" in measure ? 0 : measure.high_ms), 0);
  return { fromMs: at_ms, toMs: at_ms + Math.max(least, "unknown" in visible ? 0 : visible.high_ms) };
}

function plot({ fromMs, stepMs, acknowledged, stored, lag }: Series, bands: readonly Band[], title: string): string {
  const count = stored.length;
  const endMs = fromMs + count * stepMs;
  const x = (ms: number): number =>
    LEFT + (Math.min(Math.max(ms, fromMs), endMs) - fromMs) * ((WIDTH - LEFT - RIGHT) / Math.max(1, endMs - fromMs));
  const middle = (index: number): number => x(fromMs + (index + 0.5) * stepMs);
  const body = [text(10, 18, title)];
  for (const { fromMs: from, toMs: to } of bands) {
    if (to <= fromMs || from >= endMs) continue;
    body.push(
      `<rect class="band" x="${round(x(from))}" y="28" width="${round(Math.max(1, x(to) - x(from)))}" height="252"/>`,
    );
  }
  const rates = panel([acknowledged, stored], 30, 190);
  const lags = panel([lag], 210, 280);
  for (const { top, bottom, most } of [rates, lags])
    body.push(
      line("grid", LEFT, top, WIDTH - RIGHT, top),
      line("grid", LEFT, bottom, WIDTH - RIGHT, bottom),
      text(LEFT - 6, top + 10, countText(most), "end"),
      text(LEFT - 6, bottom, "0", "end"),
    );
  const drawn = (kind: string, values: readonly (number | null)[], y: (value: number) => number): string =>
    curve(
      kind,
      values.map((value, index) => ({ x: middle(index), y: value === null ? null : y(value) })),
    );
  body.push(drawn("a", acknowledged, rates.y), drawn("s", stored, rates.y), drawn("l", lag, lags.y));
  for (let share = 0; share <= 1; share += 0.25) {
    const ms = fromMs + share * (endMs - fromMs);
    body.push(text(x(ms), 298, offsetText(ms), "middle"));
  }
  body.push(
    text(WIDTH - RIGHT, 18, "acknowledged/s", "end", "ka"),
    text(WIDTH - RIGHT - 110, 18, "stored/s", "end", "ks"),
    text(WIDTH - RIGHT - 175, 18, "lag", "end", "kl"),
  );
  return svg(WIDTH, 306, title, body);
}

function panel(lists: readonly (readonly (number | null)[])[], top: number, bottom: number) {
  const most = Math.max(1, ...lists.flatMap((list) => list.map((value) => value ?? 0)));
  return { top, bottom, most, y: (value: number): number => bottom - (value / most) * (bottom - top) };
}
