import { createdMsOf } from "../../../contract/event.ts";
import type { FaultHistory } from "../../../contract/fault-history.ts";
import type { LaneHistory } from "../ledger-history.ts";
import { exactly, isKnown, type KnownMeasure, longestOf, type Measure, until } from "../measure.ts";
import { firstAbove } from "../success-gap.ts";
import { chargedGaps, type FaultWindow } from "./charge.ts";
import type { Claim } from "./offset-watch.ts";
import type { SinkPartition } from "./sink-series.ts";

/** Stretches of a takeover, each from the injection. */
export type Takeover = {
  /** Until a start of the job claimed the partitions: who writes from then on is another one. By the witness, to about 50 ms. */
  claimed: Measure;
  /**
   * Until every partition stores new events again, by another one's hand if another one claimed them: events are visible again, and every partition
   * has a commit from after the claim, since which the fence refuses all others. Without a claim, the longest gap is over. An outage may begin late: a
   * paused driver's executors continue for a while.
   */
  takenOver: Measure;
  /** Until every partition stores events that are as young as in the seconds before the injection: the backlog is gone. By commit times. */
  upToDate: Measure;
};

/** The level before a fault is the highest age in this time before the injection: commit times are read from then on. */
const LEVEL_MS = 5_000;

export type TakeoverEvidence = {
  partitions: readonly SinkPartition[] | string;
  claims: readonly Claim[];
  visibleAgain: Measure;
  window: FaultWindow;
  /** Windows of all faults that bit. */
  windows: readonly FaultWindow[];
  /** The injection of the next fault; Infinity: there is none. */
  nextMs: number;
};

/** Measures how the sink came back after a fault (pure). */
export function takeoverOf(fault: FaultHistory, evidence: TakeoverEvidence): Takeover {
  const { partitions } = evidence;
  const takenOver = takenOverOf(fault, evidence);
  return {
    claimed: claimedOf(fault, evidence),
    takenOver,
    upToDate: typeof partitions === "string" ? { unknown: partitions } : upToDateOf(fault, takenOver, partitions),
  };
}

function claimAfter({ injectedMs }: FaultHistory, { claims, nextMs }: TakeoverEvidence): Claim | undefined {
  return claims.find(({ atMs }) => atMs > injectedMs && atMs <= nextMs);
}

function claimedOf(fault: FaultHistory, evidence: TakeoverEvidence): Measure {
  const [claim, { injectedMs }] = [claimAfter(fault, evidence), fault];
  if (claim === undefined) return { unknown: "the witness saw no claim" };
  // The witness may have looked last before the injection.
  return until({ afterMs: Math.max(injectedMs, claim.afterMs), untilMs: claim.atMs, by: "offsets" }, injectedMs);
}

function takenOverOf(fault: FaultHistory, evidence: TakeoverEvidence): Measure {
  const { injectedMs } = fault;
  const { partitions, visibleAgain, window, windows } = evidence;
  if (typeof partitions === "string" || !isKnown(visibleAgain) || visibleAgain.open) return visibleAgain;
  const claim = claimAfter(fault, evidence);
  const successors = claim === undefined ? undefined : storedSince(claim, partitions, injectedMs);
  if (successors !== undefined) return longestOf([visibleAgain, successors]) ?? visibleAgain;
  const series = partitions.map((partition) => partition.series);
  const [worst] = chargedGaps(series, window, windows);
  // A shorter gap is an ordinary time between two commits.
  if (worst === undefined || worst.measure.lowMs <= visibleAgain.highMs) return visibleAgain;
  const { gap, measure } = worst;
  const end = until({ afterMs: gap.toMs - (gap.highMs - gap.lowMs), untilMs: gap.toMs, by: gap.by }, injectedMs);
  return { ...end, open: measure.open };
}

/** Until every partition has a commit from after the claim. @returns undefined: commit times do not tell. */
function storedSince(claim: Claim, partitions: readonly SinkPartition[], injectedMs: number): KnownMeasure | undefined {
  const firsts = partitions.map(({ ranges }) => {
    const commits = ranges.flatMap(({ committedMs }) => committedMs);
    // Not by Math.min(...): a long run has more commits than a call takes arguments.
    const firstFrom = (fromMs: number): number =>
      commits.reduce((first, atMs) => (atMs >= fromMs && atMs < first ? atMs : first), Infinity);
    return { afterMs: firstFrom(claim.afterMs), untilMs: firstFrom(claim.atMs), by: "commits" as const };
  });
  if (!firsts.every(({ untilMs }) => Number.isFinite(untilMs))) return undefined;
  return longestOf(firsts.map((first) => until(first, injectedMs)));
}

function upToDateOf({ injectedMs }: FaultHistory, takenOver: Measure, partitions: readonly SinkPartition[]): Measure {
  if (!isKnown(takenOver) || takenOver.open) return takenOver;
  const ages = partitions.map(agesOf);
  const before = ages
    .flat()
    .filter(({ committedMs }) => committedMs < injectedMs && committedMs >= injectedMs - LEVEL_MS);
  if (before.length === 0) return { unknown: "no commit times from before it" };
  const level = Math.max(...before.map(({ ageMs }) => ageMs));
  const fromMs = injectedMs + takenOver.lowMs;
  const found = ages.map((commits) =>
    commits.find(({ committedMs, ageMs }) => committedMs >= fromMs && ageMs <= level),
  );
  if (found.some((commit) => commit === undefined)) return { unknown: "the commit times end before the backlog does" };
  const moments = found.flatMap((commit) =>
    commit === undefined ? [] : [until(exactly(commit.committedMs, "commits"), injectedMs)],
  );
  const longest = longestOf(moments);
  return longest === undefined ? { unknown: "no commit times" } : longest;
}

type Age = { committedMs: number; ageMs: number };

/** @returns per commit the age of its oldest event, in order. Events whose creation the ledger does not tell are left out. */
function agesOf({ ranges, lane }: SinkPartition): Age[] {
  if (lane === undefined) return [];
  return ranges.flatMap(({ fromSequence, ends, committedMs }) =>
    committedMs.flatMap((atMs, index): Age[] => {
      const createdMs = createdOf(lane, index === 0 ? fromSequence : (ends[index - 1] as number));
      return Number.isNaN(createdMs) ? [] : [{ committedMs: atMs, ageMs: atMs - createdMs }];
    }),
  );
}

/** @returns when an event was created; NaN: the ledger does not tell. */
function createdOf(lane: LaneHistory, sequence: number): number {
  const batch = firstAbove(lane.sequences, sequence) - 1;
  const [first, count] = [lane.sequences[batch], lane.counts[batch]];
  if (first === undefined || count === undefined || sequence >= first + count) return Number.NaN;
  const [firstMs, lastMs] = [lane.createdMs[batch] as number, lane.lastCreatedMs[batch] as number];
  return createdMsOf({ firstMs, lastMs, count }, sequence - first);
}
