import { eventNumber } from "../../contract/event.ts";
import type { CommittedRow, LookUpRows } from "../read/commit-times.ts";
import type { Span } from "./measure.ts";
import type { Session } from "./sessions.ts";

/** `isFirst`: it ended with the first row after the producer began. */
export type Gap = Span & { partition: number; isFirst: boolean };

/** Keeps the longest of the gaps that it is shown. */
class LongestGap {
  gap: Gap | undefined;

  get ms(): number {
    return this.gap === undefined ? -Infinity : this.gap.toMs - this.gap.fromMs;
  }

  consider(partition: number, fromMs: number, toMs: number, isFirst = false): void {
    if (toMs - fromMs > this.ms) this.gap = { partition, fromMs, toMs, isFirst };
  }
}

type Stretch = { partition: number; low: CommittedRow; high: CommittedRow };

/** Commit times of one partition may differ by this much from the order of its events: rounding. */
const ROUNDING_MS = 1;

/**
 * Finds the longest time between two commits of a partition. A partition's rows are committed in the order of their events, so a stretch of
 * events can only hide a long gap if it took that long: all others are left out, and the rest is halved again and again. The look-ups grow
 * with the length of the run and not with its rows.
 * @param fineMs gaps below this are not told apart: the answer is then at most this.
 * @returns undefined: there is no row. @throws Error if commit times are not in the order of events: rows were written again.
 */
export async function longestRowGap(
  lookUp: LookUpRows,
  sessions: readonly Session[],
  fineMs: number,
): Promise<{ gap: Gap; upToMs: number } | undefined> {
  const longest = new LongestGap();
  let stretches = await wholeSessions(lookUp, sessions, longest);
  let leftOutMs = 0;
  while (stretches.length > 0) {
    for (const each of stretches) if (lengthOf(each) <= fineMs) leftOutMs = Math.max(leftOutMs, lengthOf(each));
    const worth = stretches.filter((each) => lengthOf(each) > Math.max(fineMs, longest.ms));
    stretches = await halved(lookUp, worth, longest);
  }
  return longest.gap === undefined ? undefined : { gap: longest.gap, upToMs: Math.max(longest.ms, leftOutMs) };
}

function lengthOf({ low, high }: Stretch): number {
  return high.committedMs - low.committedMs;
}

/** Each session's rows, from the first to the last. Before the first one, a row was due since the first attempt. */
async function wholeSessions(
  lookUp: LookUpRows,
  sessions: readonly Session[],
  longest: LongestGap,
): Promise<Stretch[]> {
  const ranges = sessions.map(({ partition, from, to }) => ({
    low: eventNumber(partition, from),
    high: eventNumber(partition, to) - 1,
  }));
  const firsts = await lookUp(ranges.map((range) => ({ ...range, pick: "first" })));
  const lasts = await lookUp(ranges.map((range) => ({ ...range, pick: "last" })));
  const lastMs = new Map<number, number>();
  return sessions.flatMap(({ partition, startMs }, index) => {
    const [low, high] = [firsts[index], lasts[index]];
    if (low === undefined || high === undefined) return [];
    longest.consider(partition, Math.max(startMs, lastMs.get(partition) ?? -Infinity), low.committedMs, true);
    lastMs.set(partition, high.committedMs);
    return { partition, low, high };
  });
}

/** The two rows around the middle of a stretch are neighbours; what lies before and after them goes on. */
async function halved(lookUp: LookUpRows, stretches: readonly Stretch[], longest: LongestGap): Promise<Stretch[]> {
  const middles = stretches.map(({ low, high }) => Math.floor((low.event + high.event) / 2));
  const before = await lookUp(
    stretches.map(({ low }, index) => ({ low: low.event, high: middles[index] as number, pick: "last" })),
  );
  const after = await lookUp(
    stretches.map(({ high }, index) => ({ low: (middles[index] as number) + 1, high: high.event, pick: "first" })),
  );
  return stretches.flatMap(({ partition, low, high }, index) => {
    const [left, right] = [before[index], after[index]];
    if (left === undefined || right === undefined) throw new Error("a row that was read before is gone");
    const times = [low, left, right, high].map(({ committedMs }) => committedMs);
    if (times.some((ms, place) => ms < (times[place - 1] ?? -Infinity) - ROUNDING_MS))
      throw new Error("rows were committed in another order than their events, so rows were written again later");
    longest.consider(partition, left.committedMs, right.committedMs);
    return [
      { partition, low, high: left },
      { partition, low: right, high },
    ];
  });
}
