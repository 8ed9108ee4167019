import type { FaultHistory } from "../../contract/fault-history.ts";
import type { Sample } from "../../contract/sample.ts";
import type { LedgerHistory } from "./ledger-history.ts";
import { exactly, isKnown, type Measure, stillOpen, until } from "./measure.ts";
import { type Phases, phasesOf } from "./phases.ts";
import { calmGap, type ChargedGap, chargedGap, type FaultWindow } from "./success/charge.ts";
import type { CommitHistory } from "./success/commit-history.ts";
import type { OffsetWatch } from "./success/offset-watch.ts";
import { sinkPartitions } from "./success/sink-series.ts";
import { type Takeover, takeoverOf } from "./success/takeover.ts";
import { visibleAgain } from "./success/visible-again.ts";
import type { Series, Span } from "./success-gap.ts";

/**
 * The pipeline's recovery from a fault, measured by the absence of success. If a fault had no effect, or nobody knows, all measures are unknown.
 */
export type FaultRecovery = FaultHistory & {
  /** From the injection until the effect probe had seen the effect. */
  detected: Measure;
  /** From the effect probe to the verified undo. */
  held: Measure;
  /** From the verified undo until the node answers its protocol. */
  nodeReady: Measure;
  /** The longest time without an acknowledgement that is charged to the fault, on the worst partition. */
  ackGap: ChargedGap;
  /** The same for commits of rows. */
  sinkGap: ChargedGap;
  /**
   * From the injection until the first event created after the effect is a row, on the slowest partition that had such an event. If an outage begins
   * after that event (a paused driver's executors continue for a while), only sinkGap shows it.
   */
  visibleAgain: Measure;
} & Phases &
  Takeover;

/** The evidence. A missing source is undefined and makes its measures unknown, or less exact. */
export type Evidence = {
  ledger: LedgerHistory | undefined;
  samples: readonly Sample[];
  watch?: OffsetWatch | undefined;
  commits?: CommitHistory | undefined;
  /** When observation ended, ms since 1970: the last time in any of the files. */
  endMs: number;
};

/** The faults, and for comparison the longest gaps that touch none of them. */
export type Recoveries = {
  faults: FaultRecovery[];
  /** When each fault was going on, whether it bit or not, until the lag was back as well: calm lies outside. */
  windows: Span[];
  /** When every partition had stored its first rows, and no more than about a second of events was waiting; undefined: it never came to that. */
  steadyMs: number | undefined;
  calmAckGap: Measure;
  calmSinkGap: Measure;
};

/** Measures each fault. A gap counts for the fault in whose window it begins; a window lasts until events are visible again and the node is ready. */
export function measureRecoveries(histories: readonly FaultHistory[], evidence: Evidence): Recoveries {
  const acks = ackSeries(evidence);
  const sink = sinkPartitions({ watch: undefined, commits: undefined, ...evidence });
  const rows = typeof sink === "string" ? sink : sink.map(({ series }) => series);
  const visible = new Map(
    histories
      .filter(hasBitten)
      .map((fault) => [fault.id, visibleAgain(fault, fault.probedMs ?? fault.injectedMs, evidence.ledger, sink)]),
  );
  const windows = histories.map((fault) => windowOf(fault, visible.get(fault.id)));
  const bitten = windows.filter(({ id }) => visible.has(id));
  const faults = histories.map((fault, index): FaultRecovery => {
    const nextMs = histories[index + 1]?.injectedMs ?? Infinity;
    const again = visible.get(fault.id);
    const window = windows[index] as FaultWindow;
    const charged = (series: Series[] | string): ChargedGap =>
      typeof series === "string" ? without({ unknown: series }) : chargedGap(series, window, bitten);
    if (again === undefined) return unmeasured(fault);
    return {
      ...fault,
      ...timesOfJournal(fault, evidence.endMs),
      ...phasesOf(fault, evidence.samples, nextMs),
      ackGap: charged(acks),
      sinkGap: charged(rows),
      visibleAgain: again,
      ...takeoverOf(fault, {
        partitions: sink,
        claims: evidence.watch?.claims ?? [],
        visibleAgain: again,
        window,
        windows: bitten,
        nextMs,
      }),
    };
  });
  const disturbed = faults.map((fault, index) => untilCaughtUp(windows[index] as FaultWindow, fault));
  const calm = (series: Series[] | string) =>
    typeof series === "string" ? { unknown: series } : calmGap(series, disturbed);
  return {
    faults,
    windows: disturbed,
    steadyMs: steadyOf(rows, evidence.samples),
    calmAckGap: calm(acks),
    calmSinkGap: calm(rows),
  };
}

/** What is stored while the lag goes back is late because of the fault. If the lag never came back, the next fault's window goes on. */
function untilCaughtUp(window: FaultWindow, { injectedMs, caughtUp }: FaultRecovery): FaultWindow {
  return isKnown(caughtUp) ? { ...window, toMs: Math.max(window.toMs, injectedMs + caughtUp.highMs) } : window;
}

/** What waited while the stack started is stored late without any fault. */
function steadyOf(rows: readonly Series[] | string, samples: readonly Sample[]): number | undefined {
  if (typeof rows === "string") return undefined;
  const firsts = rows.map(({ untilMs }) => untilMs[0] ?? Infinity);
  const firstMs = Math.max(-Infinity, ...firsts);
  const isSteady = ({ at_ms, lag, acknowledged }: Sample, before: Sample | undefined): boolean =>
    at_ms >= firstMs && lag !== null && lag <= Math.max(0, (acknowledged ?? 0) - (before?.acknowledged ?? Infinity));
  return samples.find((sample, index) => isSteady(sample, samples[index - 1]))?.at_ms;
}

function hasBitten(fault: FaultHistory): boolean {
  return fault.effective === true;
}

const without = (measure: Measure): ChargedGap => ({ measure, sharedWith: [] });

function unmeasured(fault: FaultHistory): FaultRecovery {
  const effect = fault.effective === false ? "no effect" : "no answer of the effect probe";
  const none = { unknown: fault.failed === undefined ? effect : "not injected" };
  const phases = { detected: none, held: none, nodeReady: none, nodeDown: none, failedOver: none, caughtUp: none };
  const takeover = { claimed: none, takenOver: none, upToDate: none };
  return { ...fault, ...phases, ...takeover, ackGap: without(none), sinkGap: without(none), visibleAgain: none };
}

function timesOfJournal({ injectedMs, probedMs = injectedMs, healedMs, readyMs }: FaultHistory, endMs: number) {
  const between = (fromMs: number, toMs: number | undefined): Measure =>
    toMs === undefined
      ? stillOpen(fromMs, Math.max(fromMs, endMs), "journal")
      : until(exactly(toMs, "journal"), fromMs);
  return {
    detected: between(injectedMs, probedMs),
    held: between(probedMs, healedMs),
    nodeReady: healedMs === undefined ? { unknown: "not healed" } : between(healedMs, readyMs),
  };
}

/**
 * From the injection until all is well again as far as is known. The node's return belongs to the fault as well: a paused driver's executors go on
 * for a while, so events can be visible again before the outage begins.
 */
function windowOf(fault: FaultHistory, visible: Measure | undefined): FaultWindow {
  const { id, injectedMs, healedMs, readyMs, failed, failedMs } = fault;
  if (failed !== undefined) return { id, fromMs: injectedMs, toMs: Math.max(failedMs ?? injectedMs, healedMs ?? 0) };
  const visibleMs =
    visible === undefined || !isKnown(visible) ? 0 : visible.open ? Infinity : injectedMs + visible.highMs;
  return { id, fromMs: injectedMs, toMs: Math.max(healedMs ?? Infinity, readyMs ?? 0, visibleMs) };
}

function ackSeries({ ledger, endMs }: Evidence): Series[] | string {
  if (ledger === undefined) return "no ledger";
  // After an orderly end nothing more is due, unless a batch was left without its outcome.
  return [...ledger.lanes.values()].map((lane) => ({
    startMs: lane.firstAttemptMs,
    afterMs: lane.ackedMs,
    untilMs: lane.ackedMs,
    by: "ledger",
    endMs,
    openEnd: lane.outstanding || !ledger.closed,
    pauses: lane.pauses,
  }));
}
