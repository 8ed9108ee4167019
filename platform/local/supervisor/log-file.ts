import { closeSync, copyFileSync, mkdirSync, openSync, readSync, renameSync, statSync, truncateSync } from "node:fs";
import { dirname } from "node:path";

/** A log and its predecessor `.1` hold at most about this much each. */
export const LOG_LIMIT_BYTES = 64 * 1024 * 1024;

/** Opens a log for appending, its directory made. Every writer appends, so the log may be truncated under a live one. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  boundLog(path);
  return openSync(path, "a", 0o640);
}

/** When the log has outgrown the limit: copies it to `.1` and empties it in place, because a live writer keeps its descriptor. Lines written in between are lost. */
export function boundLog(path: string, limitBytes: number = LOG_LIMIT_BYTES): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= limitBytes) return;
  copyFileSync(path, `${path}.1.new`);
  renameSync(`${path}.1.new`, `${path}.1`);
  truncateSync(path);
}

/** The last lines of a log; empty when it can't be read. */
export function logTail(path: string, lines = 15): string {
  const bytes = 16 * 1024;
  try {
    const descriptor = openSync(path, "r");
    try {
      const size = statSync(path).size;
      const buffer = Buffer.alloc(Math.min(bytes, size));
      readSync(descriptor, buffer, 0, buffer.length, Math.max(0, size - bytes));
      return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "";
  }
}
