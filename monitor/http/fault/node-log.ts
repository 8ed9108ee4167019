import { type FileHandle, open } from "node:fs/promises";
import type { LogExcerpt } from "../../../report/page/fault-evidence.ts";

const MOST_LINES = 120;
const MOST_BYTES = 96 << 10;
const MOST_LINE_CHARACTERS = 2_000;
const PROBE_BYTES = 16 << 10;

/**
 * The time of a line of any node's log, ms since 1970: ISO 8601 at its start (Kafka, Spark; PostgreSQL, with a zone in words), or the member
 * `time` of a JSON line. Undefined: the line belongs to the one before.
 */
export function lineTime(line: string): number | undefined {
  const [, date, time, zone = "Z"] =
    /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d[.,]\d{3})(Z| UTC|[+-]\d\d:\d\d)?/.exec(line) ??
    /^\{.{0,80}?"time":"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{3})(Z)"/.exec(line) ??
    [];
  if (date === undefined || time === undefined) return undefined;
  const ms = Date.parse(`${date}T${time.replace(",", ".")}${zone.trim() === "UTC" ? "Z" : zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * The lines of a log from a time to another one; lines without a time follow theirs. The log is in the order of time, as one writer leaves it.
 * @throws the errors of reading a file.
 */
export async function logBetween(path: string, name: string, fromMs: number, toMs: number): Promise<LogExcerpt> {
  await using file = await open(path, "r");
  const { size } = await file.stat();
  const excerpt: LogExcerpt = { file: name, from_ms: fromMs, to_ms: toMs, lines: [], is_cut: false };
  const start = await offsetOf(file, size, fromMs);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, start);
  const lines = buffer.toString("utf8", 0, bytesRead).split("\n");
  // Torn, unless it is the file's last.
  if (start + bytesRead < size) lines.pop();
  let isWithin = false;
  for (const line of lines) {
    const ms = lineTime(line);
    if (ms !== undefined) isWithin = ms >= fromMs && ms <= toMs;
    if (ms !== undefined && ms > toMs) return excerpt;
    if (!isWithin || line === "") continue;
    if (excerpt.lines.length === MOST_LINES) return { ...excerpt, is_cut: true };
    excerpt.lines.push(line.length > MOST_LINE_CHARACTERS ? `${line.slice(0, MOST_LINE_CHARACTERS)} …` : line);
  }
  return { ...excerpt, is_cut: start + bytesRead < size };
}

/** Where to begin, found by halves: at most a probe before the first line that is not before `ms`. */
async function offsetOf(file: FileHandle, size: number, ms: number): Promise<number> {
  let [low, high] = [0, size];
  while (high - low > PROBE_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PROBE_BYTES), 0, PROBE_BYTES, middle);
    const lines = buffer.toString("utf8", 0, bytesRead).split("\n").slice(1);
    const time = lines.map(lineTime).find((found) => found !== undefined);
    if (time === undefined || time >= ms) high = middle;
    else low = middle;
  }
  return low === 0 ? 0 : await lineStart(file, low);
}

/** The start of the first whole line behind an offset. */
async function lineStart(file: FileHandle, offset: number): Promise<number> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(PROBE_BYTES), 0, PROBE_BYTES, offset);
  const end = buffer.subarray(0, bytesRead).indexOf("\n");
  return end < 0 ? offset : offset + end + 1;
}
