import type { FaultHistory } from "../../contract/fault-history.ts";
import type { Sample } from "../../contract/sample.ts";
import { countText, durationText, offsetText } from "../view/number-text.ts";
import { perSecond } from "../measure/throughput.ts";

/** The content of one line. `recent`: the last samples, oldest first; rate and latency cover them. */
export type LiveState = { startMs: number; recent: readonly Sample[]; active: readonly FaultHistory[] };

type Style = "red" | "yellow" | "green" | "dim" | "bold";
/** Colours a text, or returns it as it is. */
export type Paint = (style: Style, text: string) => string;

type Segment = { text: string; style?: Style };

const SEPARATOR = "  ";
export const RECENT_SAMPLES = 5;

/**
 * Renders the run as one line that never wraps: it is cut at `columns`, and the fault comes early in the line. An unknown figure is "?".
 */
export function renderLiveLine(state: LiveState, columns: number, paint: Paint): string {
  const segments = segmentsOf(state);
  let line = "";
  let left = columns;
  for (const [index, { text, style }] of segments.entries()) {
    const whole = (index === 0 ? "" : SEPARATOR) + text;
    const part = whole.length <= left ? whole : `${whole.slice(0, Math.max(0, left - 1))}…`.slice(0, left);
    line += style === undefined ? part : paint(style, part);
    left -= part.length;
    if (left === 0) break;
  }
  return line;
}

function segmentsOf({ startMs, recent, active }: LiveState): Segment[] {
  const now = recent.at(-1);
  if (now === undefined) return [{ text: "waiting for the first sample", style: "dim" }];
  const rate = meanRate(recent);
  return [
    { text: offsetText(now.at_ms - startMs), style: "dim" },
    ...faultSegments(active, now.at_ms),
    { text: `acknowledged ${short(now.acknowledged)}` },
    { text: `stored ${short(now.rows)}` },
    { text: `lag ${short(now.lag)}`, ...(now.lag === null ? ({ style: "yellow" } as const) : {}) },
    { text: `${short(rate)}/s` },
    { text: `p50 ${latencyText(recent, "latency_p50_ms")} p99 ${latencyText(recent, "latency_p99_ms")}` },
    ...(now.under_replicated === null || now.under_replicated === 0
      ? []
      : [{ text: `under-replicated ${now.under_replicated}`, style: "yellow" } satisfies Segment]),
  ];
}

function faultSegments(active: readonly FaultHistory[], nowMs: number): Segment[] {
  if (active.length === 0) return [{ text: "calm", style: "green" }];
  const text = active
    .map(
      (fault) =>
        `${fault.kind} ${fault.node} ${durationText(Math.max(0, Math.round((nowMs - (fault.probedMs ?? fault.injectedMs)) / 1_000) * 1_000))}`,
    )
    .join(", ");
  return [{ text, style: "red" }];
}

/** Acknowledged events per second over the recent samples that know. */
function meanRate(recent: readonly Sample[]): number | null {
  const rates = recent
    .slice(1)
    .map((sample, index) => perSecond({ before: recent[index] as Sample, sample }, "acknowledged"));
  const known = rates.filter((rate) => rate !== null);
  return known.length === 0 ? null : known.reduce((sum, rate) => sum + rate, 0) / known.length;
}

/** The highest of the recent seconds: what hurt is not averaged away. */
function latencyText(recent: readonly Sample[], member: "latency_p50_ms" | "latency_p99_ms"): string {
  const known = recent.map((sample) => sample[member]).filter((value) => value !== null);
  return known.length === 0 ? "?" : durationText(Math.max(...known));
}

function short(value: number | null): string {
  return value === null ? "?" : countText(value);
}
