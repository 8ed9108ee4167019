import type { Sample } from "../../contract/sample.ts";

/** An outage as the monitor's samples show it. Times in ms; null: it was not seen. */
export type OutageCourse = {
  /** The most events that were due and not yet rows: those that waited in the producer, and those in the log alone. */
  peakBehind: number | null;
  /** From the release of the nodes to the first sample with new rows. */
  firstRowsMs: number | null;
  /** From the release to the first of three samples in a row that are as in calm. */
  normalMs: number | null;
  /** Events per second that became rows between the two. */
  caughtUpPerSecond: number | null;
};

export type OutageTimes = { /** Calm begins. */ calmMs: number; downMs: number; upMs: number };

const NORMAL_SAMPLES = 3;

/** @param samples of the monitor, one a second, in their order. @param rate events per second */
export function outageCourse(
  samples: readonly Sample[],
  { calmMs, downMs, upMs }: OutageTimes,
  rate: number,
): OutageCourse {
  const known = samples.flatMap((sample) => {
    const behind = behindOf(sample);
    return behind === undefined ? [] : [{ atMs: sample.at_ms, behind, stored: storedOf(sample) }];
  });
  const calm = known.filter(({ atMs }) => atMs >= calmMs && atMs < downMs);
  // What is due within a second is no backlog; and calm may have its own.
  const normal = Math.max(rate, ...calm.map(({ behind }) => behind));
  const after = known.filter(({ atMs }) => atMs >= downMs);
  const back = after.filter(({ atMs }) => atMs >= upMs);
  const storedBefore = after.findLast(({ atMs }) => atMs < upMs)?.stored ?? calm.at(-1)?.stored;
  const first = back.find(({ stored }) => storedBefore !== undefined && stored > storedBefore);
  const end = back.find(
    (_, index) =>
      back.length >= index + NORMAL_SAMPLES &&
      back.slice(index, index + NORMAL_SAMPLES).every(({ behind }) => behind <= normal),
  );
  const from = first === undefined ? undefined : (back[back.indexOf(first) - 1] ?? first);
  return {
    peakBehind: after.length === 0 ? null : Math.max(...after.map(({ behind }) => behind)),
    firstRowsMs: first === undefined ? null : first.atMs - upMs,
    normalMs: end === undefined ? null : end.atMs - upMs,
    caughtUpPerSecond:
      from === undefined || end === undefined || end.atMs <= from.atMs
        ? null
        : ((end.stored - from.stored) / (end.atMs - from.atMs)) * 1_000,
  };
}

function storedOf({ next_offsets }: Sample): number {
  return (next_offsets ?? []).reduce((sum, offset) => sum + offset, 0);
}

function behindOf({ lag, backlog }: Sample): number | undefined {
  return lag === null || backlog === null ? undefined : lag + backlog;
}
