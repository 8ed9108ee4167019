import type { FaultHistory } from "../../contract/fault-history.ts";
import type { Sample } from "../../contract/sample.ts";
import type { LaneHistory, LedgerHistory } from "./ledger-history.ts";
import { longestGap, type Gap, type Series, type Span } from "./success-gap.ts";

/** A duration in ms, or why it is unknown. `atLeast`: it had not ended when the evidence ended. */
export type Measure = { ms: number; atLeast: boolean } | { unknown: string };

/**
 * The pipeline's recovery from a fault, measured by the absence of success. If a fault had no effect, or nobody knows, all measures are unknown.
 */
export type FaultRecovery = FaultHistory & {
  /** From the effect probe to the verified undo. */
  held: Measure;
  /** From the verified undo until the node answers its protocol. */
  nodeReady: Measure;
  /** The longest time without an acknowledgement, on the worst partition. */
  ackGap: Measure;
  /** The longest time that next_offset in PostgreSQL stood still, on the worst partition. Resolution: the sampling interval. */
  sinkGap: Measure;
  /**
   * From the injection until the first event created after the effect is a row, on the slowest partition that had such an event.
   * Resolution: the sampling interval. If an outage begins after that event (a paused driver's executors continue for a while), only sinkGap
   * shows it.
   */
  visibleAgain: Measure;
};

/** The evidence. A missing source is undefined and makes its measures unknown. */
export type Evidence = { ledger: LedgerHistory | undefined; samples: readonly Sample[]; endMs: number };

/** The faults, and for comparison the longest gaps that touch no fault's window. */
export type Recoveries = { faults: FaultRecovery[]; windows: Span[]; calmAckGap: Measure; calmSinkGap: Measure };

/**
 * Measures each fault. Faults that overlap share their gaps: a gap is counted for every fault whose window it touches.
 * @param evidence.endMs when observation ended, ms since 1970: the last time in any of the files.
 */
export function measureRecoveries(histories: readonly FaultHistory[], evidence: Evidence): Recoveries {
  const acks = ackSeries(evidence);
  const progress = sinkProgress(evidence);
  const faults = histories.map((fault) => measureFault(fault, evidence, acks, progress));
  const windows = faults.filter((fault) => fault.effective === true).map(disturbedSpan);
  const calm = (series: Series[] | string) =>
    typeof series === "string" ? { unknown: series } : worst(series, outsideOf(windows));
  return {
    faults,
    windows,
    calmAckGap: calm(acks),
    calmSinkGap: calm(typeof progress === "string" ? progress : progress.map((lane) => lane.series)),
  };
}

function measureFault(
  fault: FaultHistory,
  evidence: Evidence,
  acks: Series[] | string,
  progress: LaneProgress[] | string,
): FaultRecovery {
  const none = nothingToMeasure(fault);
  if (none !== undefined)
    return { ...fault, held: none, nodeReady: none, ackGap: none, sinkGap: none, visibleAgain: none };
  const probedMs = fault.probedMs ?? fault.injectedMs;
  const window = {
    fromMs: fault.injectedMs,
    toMs: fault.healedMs === undefined ? evidence.endMs : Math.max(fault.healedMs, fault.readyMs ?? 0),
  };
  const touches = (gap: Gap): boolean => gap.fromMs < window.toMs && gap.toMs > window.fromMs;
  return {
    ...fault,
    held: between(probedMs, fault.healedMs, evidence.endMs),
    nodeReady:
      fault.healedMs === undefined ? { unknown: "not healed" } : between(fault.healedMs, fault.readyMs, evidence.endMs),
    ackGap: typeof acks === "string" ? { unknown: acks } : worst(acks, touches),
    sinkGap:
      typeof progress === "string"
        ? { unknown: progress }
        : worst(
            progress.map((lane) => lane.series),
            touches,
          ),
    visibleAgain: visibleAgain(fault.injectedMs, probedMs, evidence, progress),
  };
}

function nothingToMeasure(fault: FaultHistory): { unknown: string } | undefined {
  if (fault.effective === true) return undefined;
  if (fault.failed !== undefined) return { unknown: "not injected" };
  return { unknown: fault.effective === false ? "no effect" : "no answer of the effect probe" };
}

function between(fromMs: number, toMs: number | undefined, endMs: number): Measure {
  return toMs === undefined
    ? { ms: Math.max(0, endMs - fromMs), atLeast: true }
    : { ms: Math.max(0, toMs - fromMs), atLeast: false };
}

/** Injected until all is well again as far as is known: calm is what lies outside. */
function disturbedSpan(fault: FaultRecovery): Span {
  const visible =
    "unknown" in fault.visibleAgain
      ? 0
      : fault.visibleAgain.atLeast
        ? Infinity
        : fault.injectedMs + fault.visibleAgain.ms;
  return { fromMs: fault.injectedMs, toMs: Math.max(fault.healedMs ?? Infinity, fault.readyMs ?? 0, visible) };
}

export function outsideOf(windows: readonly Span[]): (span: Span) => boolean {
  return (span) => windows.every((window) => span.toMs <= window.fromMs || span.fromMs >= window.toMs);
}

function worst(series: readonly Series[], wanted: (gap: Gap) => boolean): Measure {
  const gaps = series.map((lane) => longestGap(lane, wanted)).filter((gap) => gap !== undefined);
  if (gaps.length === 0) return { unknown: "no success was due in this time" };
  // One partition that never came back makes the whole at least as long as the longest gap seen.
  return { ms: Math.max(...gaps.map((gap) => gap.ms)), atLeast: gaps.some((gap) => gap.atLeast) };
}

function ackSeries({ ledger, endMs }: Evidence): Series[] | string {
  if (ledger === undefined) return "no ledger";
  // After an orderly end nothing more is due, unless a batch was left without its outcome.
  return [...ledger.lanes.values()].map((lane) => ({
    startMs: lane.firstAttemptMs,
    successMs: lane.ackedMs,
    endMs,
    openEnd: lane.outstanding || !ledger.closed,
  }));
}

/** A partition's way through `next_offset`, as the samples saw it: at `atMs[i]` it stood at `offsets[i]`, for the first time. */
type LaneProgress = {
  partition: number;
  lane: LaneHistory | undefined;
  atMs: number[];
  offsets: number[];
  lastSampleMs: number;
  series: Series;
};

function sinkProgress({ ledger, samples }: Evidence): LaneProgress[] | string {
  const last = samples.at(-1);
  if (last === undefined) return "no samples";
  const seen = samples.filter((sample) => sample.next_offsets !== null);
  const first = seen[0];
  if (first?.next_offsets == null) return "no sample has next_offset";
  return first.next_offsets.map((_, partition) => {
    const atMs: number[] = [];
    const offsets: number[] = [];
    for (const sample of seen) {
      const offset = sample.next_offsets?.[partition];
      if (offset === undefined || offset <= (offsets.at(-1) ?? -1)) continue;
      atMs.push(sample.at_ms);
      offsets.push(offset);
    }
    const lane = ledger?.lanes.get(partition);
    // Behind: an acknowledged batch begins at or above the last next_offset that was seen. Without a ledger, the lag of all partitions must do.
    const behind = ledger === undefined ? last.lag !== 0 : (lane?.offsets.at(-1) ?? -1) >= (offsets.at(-1) ?? 0);
    const openEnd = behind || (lane?.outstanding ?? false) || ledger?.closed === false;
    return {
      partition,
      lane,
      atMs,
      offsets,
      lastSampleMs: last.at_ms,
      // The monitor samples an idle stack, too: nothing is due before the partition's first attempt.
      series: {
        startMs: Math.max(first.at_ms, lane?.firstAttemptMs ?? 0),
        successMs: atMs.filter((ms) => ms >= (lane?.firstAttemptMs ?? 0)),
        endMs: last.at_ms,
        openEnd,
      },
    };
  });
}

function visibleAgain(
  injectedMs: number,
  probedMs: number,
  { ledger }: Evidence,
  progress: LaneProgress[] | string,
): Measure {
  if (ledger === undefined) return { unknown: "no ledger" };
  if (typeof progress === "string") return { unknown: progress };
  const found = progress.map(({ lane, atMs, offsets, lastSampleMs }): { ms: number; atLeast: boolean } | undefined => {
    // Creation times grow along a lane. NaN, an unknown one, is no answer to ">=".
    const batch = lane?.createdMs.findIndex((createdMs) => createdMs >= probedMs) ?? -1;
    const offset = lane?.offsets[batch];
    if (offset === undefined && ledger.closed && lane?.outstanding !== true) return undefined;
    const seenMs = offset === undefined ? undefined : atMs[offsets.findIndex((next) => next > offset)];
    return { ms: Math.max(0, (seenMs ?? lastSampleMs) - injectedMs), atLeast: seenMs === undefined };
  });
  const known = found.filter((measure) => measure !== undefined);
  if (known.length === 0) return { unknown: "nothing was produced after it" };
  return { ms: Math.max(...known.map((measure) => measure.ms)), atLeast: known.some((measure) => measure.atLeast) };
}
