import type { WitnessSeen } from "./witness-seen.ts";

/** The clocks of several processes differ, and the first lines come a little after the process. */
const SLACK_MS = 5_000;
const MOST_TIMES = 10;

/**
 * @param runMs when the producer wrote its ledger. @param nowMs when the end was read.
 * @returns the times of the run in which nobody watched, as one sentence; undefined: there are none.
 */
export function unwatched(
  seen: WitnessSeen | undefined,
  runMs: { fromMs: number; toMs: number },
  nowMs: number,
): string | undefined {
  if (seen === undefined || seen.sessions.length === 0)
    return "changes that were undone before the end: no witness watched the run (there is no witness.ndjson)";
  const times: string[] = [];
  const add = (fromMs: number, toMs: number, why: string) => {
    if (toMs - fromMs > SLACK_MS) times.push(`${timeText(fromMs)} to ${timeText(toMs)} (${why})`);
  };
  const { sessions, withoutTables, withoutLog } = seen;
  add(runMs.fromMs, sessions[0]?.fromMs ?? runMs.fromMs, "before the witness began");
  for (const [index, { fromMs, session }] of sessions.entries()) {
    const before = sessions[index - 1];
    if (before !== undefined) add(before.toMs, fromMs, `between sessions ${before.session} and ${session}`);
  }
  for (const { fromMs, toMs } of withoutTables) add(fromMs, toMs, "the witness could not read the tables");
  for (const { fromMs, toMs, partitions } of withoutLog)
    add(fromMs, toMs, `the witness could not read partition ${partitions.join(", ")} of the log`);
  add(sessions.at(-1)?.toMs ?? runMs.toMs, Math.max(runMs.toMs, nowMs), "after the witness's last line");
  if (times.length === 0) return undefined;
  const more = times.length - MOST_TIMES;
  const list = [...times.slice(0, MOST_TIMES), ...(more > 0 ? [`and ${more} more times`] : [])];
  return `changes that were undone again within times that nobody watched: ${list.join("; ")}`;
}

export function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}
