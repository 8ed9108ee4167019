/** Texts of figures, the same everywhere on the page. Unknown is "?", never 0. */

/** "+1:05", "+2:03:09"; with tenths: "+1:05.3". @param ms relative to the start of the run */
export function timeText(ms: number, hasTenths = false): string {
  const sign = ms < 0 ? "−" : "+";
  const whole = Math.abs(ms);
  const seconds = Math.floor(whole / 1_000);
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tenths = hasTenths ? `.${Math.floor((whole % 1_000) / 100)}` : "";
  const minutes = h > 0 ? `${h}:${pad(m)}` : `${m}`;
  return `${sign}${minutes}:${pad(s)}${tenths}`;
}

const pad = (value: number): string => `${value}`.padStart(2, "0");

/** "85 ms", "3.1 s", "4 min", "2.5 h". */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "?";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${ms < 10_000 ? (ms / 1_000).toFixed(1) : Math.round(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

/** "1,234,567"; from ten million on "12.3M". */
export function countText(value: number | null | undefined): string {
  if (value === null || value === undefined) return "?";
  const rounded = Math.round(value);
  if (Math.abs(rounded) < 10_000_000) return rounded.toLocaleString("en");
  return shortText(rounded);
}

/** For axes: "0", "950", "2k", "1.5M". */
export function shortText(value: number): string {
  if (Math.abs(value) >= 1e6) return `${trim(value / 1e6)}M`;
  if (Math.abs(value) >= 1e3) return `${trim(value / 1e3)}k`;
  return trim(value);
}

/** For axes: "0", "100ms", "1s", "2m". */
export function shortDurationText(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1_000) return `${trim(ms)}ms`;
  return ms < 600_000 ? `${trim(ms / 1_000)}s` : `${trim(ms / 60_000)}m`;
}

const trim = (value: number): string => `${Math.round(value * 10) / 10}`;

/** "22:56:17", in the reader's time zone. */
export function clockText(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}
