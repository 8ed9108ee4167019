import { isKnown, type Measure } from "../measure/measure.ts";
import type { ChargedGap } from "../measure/success/charge.ts";

/** 1234567 → "1,234,567". Null and undefined are "unknown". */
export function countText(value: number | null | undefined): string {
  return value === null || value === undefined
    ? "unknown"
    : value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** "412 ms", "4.3 s", "125 s", "2 h 5 min". */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 99_950) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 600_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "4.335 s" if it is exact; "8.0–9.0 s" if it lies between two; "> 18.0 s" if it was not over; "unknown: why". */
export function measureText(measure: Measure): string {
  if (!isKnown(measure)) return `unknown: ${measure.unknown}`;
  const { lowMs, highMs, open } = measure;
  if (open) return `> ${durationText(lowMs)}`;
  return lowMs === highMs ? exactText(lowMs) : rangeText(lowMs, highMs);
}

/** The same, with the faults that have a part in it: "30.003 s (with #7)". */
export function gapText({ measure, sharedWith }: ChargedGap): string {
  const shared = sharedWith.map((id) => `#${id}`).join(", ");
  return `${measureText(measure)}${shared === "" ? "" : ` (with ${shared})`}`;
}

/** To the millisecond: "412 ms", "9.003 s". */
function exactText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 600_000 ? `${(ms / 1_000).toFixed(3)} s` : durationText(ms);
}

/** With no more digits than the error leaves standing. */
function rangeText(lowMs: number, highMs: number): string {
  if (lowMs === 0) return `≤ ${exactText(highMs)}`;
  if (highMs < 1_000) return `${lowMs}–${highMs} ms`;
  const digits = highMs - lowMs < 200 ? 2 : 1;
  const [low, high] = [(lowMs / 1_000).toFixed(digits), (highMs / 1_000).toFixed(digits)];
  return low === high ? `${high} s` : `${low}–${high} s`;
}

/** Time after a start, "+1:05" or "+1:02:05". */
export function offsetText(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = String(rest).padStart(2, "0");
  return `${ms < 0 ? "-" : "+"}${hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}` : minutes}:${tail}`;
}

export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;
}
