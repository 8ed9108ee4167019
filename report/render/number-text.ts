import type { Measure } from "../measure/recovery.ts";

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

/** "4.3 s"; "> 18.0 s" if it had not ended; "unknown: why". */
export function measureText(measure: Measure): string {
  if ("unknown" in measure) return `unknown: ${measure.unknown}`;
  return `${measure.atLeast ? "> " : ""}${durationText(measure.ms)}`;
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
