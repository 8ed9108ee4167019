import type { Sample } from "../../../contract/sample.ts";
import type { LaneHistory, LedgerHistory } from "../ledger-history.ts";
import { firstAbove, type Series } from "../success-gap.ts";
import type { CommitHistory, CommitRange } from "./commit-history.ts";
import type { OffsetWatch, WatchedPartition } from "./offset-watch.ts";
import { overlay, type SeenSuccess } from "./overlay.ts";

/** What tells when rows were stored; a source that is missing is undefined or empty. */
export type SinkSources = {
  ledger: LedgerHistory | undefined;
  samples: readonly Sample[];
  watch: OffsetWatch | undefined;
  commits: CommitHistory | undefined;
};

/** The same for one partition. `points`: where next_offset was seen by the samples, and when. */
export type SinkPartition = {
  lane: LaneHistory | undefined;
  points: { atMs: number; nextOffset: number }[];
  watched: WatchedPartition | undefined;
  ranges: readonly CommitRange[];
  series: Series;
};

/** @returns each partition's way through time; or why there is none. */
export function sinkPartitions(sources: SinkSources): SinkPartition[] | string {
  const { ledger, samples, watch, commits } = sources;
  const sampled = samples.find((sample) => sample.next_offsets !== null)?.next_offsets?.length ?? 0;
  const watched = Math.max(-1, ...(watch?.partitions.keys() ?? []), ...(commits?.ranges.keys() ?? [])) + 1;
  const count = Math.max(sampled, watched);
  if (count === 0) return samples.length === 0 ? "no samples" : "no sample has next_offset";
  return Array.from({ length: count }, (_, partition) => {
    const lane = ledger?.lanes.get(partition);
    const points = samples.flatMap((sample) => {
      const nextOffset = sample.next_offsets?.[partition];
      return nextOffset === undefined ? [] : [{ atMs: sample.answered_ms.sink ?? sample.at_ms, nextOffset }];
    });
    const of = {
      lane,
      points,
      watched: watch?.partitions.get(partition),
      ranges: commits?.ranges.get(partition) ?? [],
    };
    return { ...of, series: seriesOf(of, sources) };
  });
}

function seriesOf(
  { lane, points, watched, ranges }: Omit<SinkPartition, "series">,
  { ledger, samples }: SinkSources,
): Series {
  const sessions = watched?.sessions ?? [];
  // A session that saw no change knows nothing better than the samples.
  const telling = sessions.filter(({ changes }) => changes.length > 0);
  const seen = overlay(ofPoints(points), ofWatch(telling), telling);
  const exact = ranges.flatMap(({ committedMs }) =>
    committedMs.map((atMs): SeenSuccess => ({ afterMs: atMs, untilMs: atMs, by: "commits" })),
  );
  const spans = ranges.flatMap(({ committedMs, fromSequence }) => {
    const [fromMs, toMs] = [committedMs[0], committedMs.at(-1)];
    return fromMs === undefined || toMs === undefined ? [] : { fromMs, toMs, isFromStart: fromSequence === 0 };
  });
  const looks = [
    ...points.map(({ atMs }) => atMs),
    ...telling.flatMap(({ fromMs, changes }) => [fromMs, ...changes.flatMap(({ afterMs, atMs }) => [afterMs, atMs])]),
  ].toSorted((a, b) => a - b);
  // Nobody knows what was committed between the last look before a range and its first commit.
  const before = spans.flatMap(({ fromMs, isFromStart }): SeenSuccess[] => {
    const lookMs = looks[firstAbove(looks, fromMs) - 1];
    const unseen: SeenSuccess = { afterMs: lookMs ?? -Infinity, untilMs: fromMs, by: "commits", isDoubtful: true };
    return isFromStart ? [] : [unseen];
  });
  // The monitor watches an idle stack, too: nothing is due before the partition's first attempt.
  const sinceMs = lane?.firstAttemptMs ?? -Infinity;
  const all = overlay(seen, [...exact, ...before], spans).filter(({ untilMs }) => untilMs >= sinceMs);
  const lastPoint = points.at(-1);
  const nextOffset = Math.max(
    lastPoint?.nextOffset ?? 0,
    sessions.at(-1)?.changes.at(-1)?.nextOffset ?? sessions.at(-1)?.first ?? 0,
  );
  // Behind: an acknowledged batch begins at or above the last next_offset that was seen. Without a ledger, the lag of all partitions must do.
  const isBehind = ledger === undefined ? samples.at(-1)?.lag !== 0 : (lane?.offsets.at(-1) ?? -1) >= nextOffset;
  const firstMs = Math.min(looks[0] ?? Infinity, spans[0]?.fromMs ?? Infinity);
  return {
    startMs: Math.max(firstMs === Infinity ? 0 : firstMs, sinceMs),
    afterMs: all.map(({ afterMs }) => Math.max(afterMs, sinceMs)),
    untilMs: all.map(({ untilMs }) => untilMs),
    by: all.map(({ by }) => by),
    doubtful: new Set(all.flatMap(({ isDoubtful }, index) => (isDoubtful ? index : []))),
    endMs: Math.max(lastPoint?.atMs ?? 0, sessions.at(-1)?.toMs ?? 0, spans.at(-1)?.toMs ?? 0),
    openEnd: isBehind || (lane?.outstanding ?? false) || ledger?.closed === false,
    pauses: lane?.pauses ?? [],
  };
}

function ofPoints(points: SinkPartition["points"]): SeenSuccess[] {
  return points.slice(1).flatMap(({ atMs, nextOffset }, index): SeenSuccess[] => {
    const before = points[index] as SinkPartition["points"][number];
    return nextOffset > before.nextOffset ? [{ afterMs: before.atMs, untilMs: atMs, by: "samples" }] : [];
  });
}

function ofWatch(sessions: WatchedPartition["sessions"]): SeenSuccess[] {
  return sessions.flatMap(({ changes }) =>
    changes.map(({ afterMs, atMs }): SeenSuccess => ({ afterMs, untilMs: atMs, by: "offsets" })),
  );
}
