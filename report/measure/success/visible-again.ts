import type { MeasureSource } from "../../../contract/digest.ts";
import { createdMsOf } from "../../../contract/event.ts";
import type { FaultHistory } from "../../../contract/fault-history.ts";
import type { LaneHistory, LedgerHistory } from "../ledger-history.ts";
import { exactly, type KnownMeasure, longestOf, type Measure, type Moment, stillOpen, until } from "../measure.ts";
import { firstAbove } from "../success-gap.ts";
import { commitOf } from "./commit-history.ts";
import type { SinkPartition } from "./sink-series.ts";

/**
 * Measures from the injection until the first event that was created after the effect is a row, on the slowest partition that had such an event.
 * @param effectMs when the effect was seen.
 */
export function visibleAgain(
  { injectedMs }: FaultHistory,
  effectMs: number,
  ledger: LedgerHistory | undefined,
  partitions: readonly SinkPartition[] | string,
): Measure {
  if (ledger === undefined) return { unknown: "no ledger" };
  if (typeof partitions === "string") return { unknown: partitions };
  const found = partitions.flatMap((partition): KnownMeasure[] => {
    const event = firstCreatedAfter(effectMs, partition.lane, ledger);
    if (event === "none due") return [];
    const moment = storedAt(event, partition);
    if (moment !== undefined) return [until(moment, injectedMs)];
    const { atMs, by } = lastUnstored(event, partition) ?? { atMs: injectedMs, by: "samples" };
    return [stillOpen(injectedMs, Math.max(injectedMs, atMs), by)];
  });
  return longestOf(found) ?? { unknown: "nothing was produced after it" };
}

/** An event: its sequence; its offset, and the lowest offset that it may have (an earlier attempt may be in the log as well). */
type FirstEvent = { sequence: number; createdMs: number; offset: number; lowestOffset: number };

function firstCreatedAfter(
  effectMs: number,
  lane: LaneHistory | undefined,
  ledger: LedgerHistory,
): FirstEvent | "none due" {
  // What struck before a partition's first event struck nothing that could come back.
  if (lane === undefined || lane.firstAttemptMs > effectMs) return "none due";
  const batch = lane.lastCreatedMs.findIndex((createdMs) => createdMs > effectMs);
  const closedMs = ledger.closesMs.find((atMs) => atMs >= effectMs);
  const [lastOffset = 0, lastCount = 0, lastSequence = 0] = [
    lane.offsets.at(-1),
    lane.counts.at(-1),
    lane.sequences.at(-1),
  ];
  // Not acknowledged: if it is in the log all the same, then behind everything that was.
  if (batch < 0)
    return lane.outstanding || !ledger.closed
      ? {
          sequence: lastSequence + lastCount,
          createdMs: effectMs,
          offset: Infinity,
          lowestOffset: lastOffset + lastCount,
        }
      : "none due";
  const [firstMs, lastMs, count] = [lane.createdMs[batch], lane.lastCreatedMs[batch], lane.counts[batch]] as [
    number,
    number,
    number,
  ];
  if (closedMs !== undefined && firstMs > closedMs) return "none due";
  let index = 0;
  while (index < count - 1 && createdMsOf({ firstMs, lastMs, count }, index) <= effectMs) index++;
  const offset = (lane.offsets[batch] as number) + index;
  const before = batch === 0 ? undefined : (lane.offsets[batch - 1] as number) + (lane.counts[batch - 1] as number);
  const lowestOffset = lane.retried.has(batch) ? Math.min(offset, (before ?? 0) + index) : offset;
  const createdMs = createdMsOf({ firstMs, lastMs, count }, index);
  return { sequence: (lane.sequences[batch] as number) + index, createdMs, offset, lowestOffset };
}

/** @returns when it became a row, by the evidence that knows it best; undefined: it was not seen as one. */
function storedAt(event: FirstEvent, partition: SinkPartition): Moment | undefined {
  const { ranges, watched, points } = partition;
  const committedMs = commitOf(ranges, event.sequence);
  if (committedMs !== undefined) return exactly(committedMs, "commits");
  const moments = [byWatch(event, watched), byPoints(event, points), byLaterCommit(event, partition)];
  const [best] = moments
    .filter((moment) => moment !== undefined)
    .toSorted((a, b) => a.untilMs - a.afterMs - (b.untilMs - b.afterMs));
  // No event is a row before it is created.
  return best && { ...best, afterMs: Math.min(best.untilMs, Math.max(best.afterMs, event.createdMs)) };
}

/** Rows are committed in the order of their sequences: a later one tells until when it was, at the latest. */
function byLaterCommit(event: FirstEvent, partition: SinkPartition): Moment | undefined {
  const later = partition.ranges.find(({ fromSequence, ends }) => fromSequence > event.sequence && ends.length > 0);
  const [untilMs] = later?.committedMs ?? [];
  const last = lastUnstored(event, partition);
  return untilMs === undefined
    ? undefined
    : { afterMs: Math.min(untilMs, last?.atMs ?? -Infinity), untilMs, by: last?.by ?? "samples" };
}

/** @returns the last time at which somebody saw that it was not stored; undefined: nobody did. */
function lastUnstored(
  { lowestOffset }: FirstEvent,
  { points, watched }: SinkPartition,
): { atMs: number; by: MeasureSource } | undefined {
  const bySamples = points.findLast(({ nextOffset }) => nextOffset <= lowestOffset)?.atMs ?? -Infinity;
  const session = watched?.sessions.findLast(({ first }) => first <= lowestOffset);
  const before = session?.changes.findLast(({ nextOffset }) => nextOffset <= lowestOffset)?.atMs ?? session?.fromMs;
  const next = session?.changes.find(({ nextOffset }) => nextOffset > lowestOffset)?.afterMs;
  const byOffsets = Math.max(before ?? -Infinity, next ?? -Infinity);
  if (bySamples === -Infinity && byOffsets === -Infinity) return undefined;
  return byOffsets > bySamples ? { atMs: byOffsets, by: "offsets" } : { atMs: bySamples, by: "samples" };
}

function byWatch({ offset, lowestOffset }: FirstEvent, watched: SinkPartition["watched"]): Moment | undefined {
  // A session that found it stored already can't tell when it was; one that ended before can't either.
  const session = watched?.sessions.find(({ changes }) => (changes.at(-1)?.nextOffset ?? 0) > offset);
  if (session === undefined || session.first > lowestOffset) return undefined;
  const possible = session.changes.find(({ nextOffset }) => nextOffset > lowestOffset);
  const sure = session.changes.find(({ nextOffset }) => nextOffset > offset);
  if (possible === undefined || sure === undefined) return undefined;
  return { afterMs: possible.afterMs, untilMs: sure.atMs, by: "offsets" };
}

function byPoints({ offset, lowestOffset }: FirstEvent, points: SinkPartition["points"]): Moment | undefined {
  const offsets = points.map(({ nextOffset }) => nextOffset);
  const [possible, sure] = [firstAbove(offsets, lowestOffset), firstAbove(offsets, offset)];
  const [last, first] = [points[sure], points[possible - 1]];
  return last === undefined ? undefined : { afterMs: first?.atMs ?? -Infinity, untilMs: last.atMs, by: "samples" };
}
