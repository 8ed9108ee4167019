import { type Digest, type DigestFault, type DigestMeasure, digestSchema } from "../../contract/digest.ts";
import { isKnown, type Measure } from "../measure/measure.ts";
import type { ChargedGap } from "../measure/success/charge.ts";
import type { Figures, Spread } from "../measure/throughput.ts";
import type { FaultView } from "./fault-view.ts";
import type { RunView } from "./run-view.ts";

/** A reason can be long where it quotes a program. */
const LONGEST_TEXT = 400;

/** The machine that a run was on, as the system tells it. */
export type Machine = Digest["machine"];

/** The digest of a run (pure): what a page about several runs needs of it. */
export function digestOf(view: RunView, machine: Machine): Digest {
  const { run, verdict, production, figures, plan, faults } = view;
  const counts = verdict.value?.counts;
  const split = figures.value;
  return {
    version: 1,
    run_id: view.id,
    pipeline: view.pipeline.value?.name ?? run.value?.pipeline ?? null,
    runtime: run.value?.runtime ?? null,
    trigger: run.value?.trigger ?? null,
    coordination: view.coordination,
    started_ms: view.startMs,
    seed: run.value?.seed ?? null,
    plan:
      plan.value === undefined
        ? null
        : { seed: plan.value.seed, duration_ms: plan.value.duration_ms, faults: plan.value.faults.length },
    versions: sorted(run.value?.versions ?? {}),
    machine,
    verdict:
      verdict.value === undefined
        ? null
        : {
            verdict: verdict.value.verdict,
            reasons: verdict.value.reasons.map(short),
            waived: verdict.value.waived.map(short),
            judged_in_ms: verdict.value.duration_ms,
          },
    not_proved: (verdict.value?.not_proved ?? []).map(short),
    premises: premisesOf(view),
    canary: canaryOf(view),
    slo: (verdict.value?.slo ?? []).map(({ bound, limit, worst, is_exceeded }) => ({
      bound,
      limit,
      worst,
      is_exceeded,
    })),
    figures: {
      attempted: counts?.attempted ?? production.value?.attempted ?? null,
      acknowledged: counts?.acknowledged ?? production.value?.acknowledged ?? null,
      indeterminate: counts?.indeterminate ?? null,
      rows: counts?.actual_rows ?? null,
      dead_letters: counts?.actual_dead_letters ?? null,
      produced_for_ms: production.value?.durationMs ?? null,
      calm: figuresOf(split?.calm),
      during_faults: figuresOf(split?.during),
      calm_ack_gap: measureOf(view.calmAckGap),
      calm_sink_gap: measureOf(view.calmSinkGap),
    },
    course: view.course,
    faults: faults.map((fault) => faultOf(fault, view.startMs)),
    worst_minute: view.worstMinute,
  };
}

/** As a file has it: one line per fault and per second, in an order that does not change. */
export function encodeDigest(digest: Digest): string {
  // A digest that its own readers would refuse is not written.
  const { faults, worst_minute, ...rest } = digestSchema.parse(digest);
  const minute =
    worst_minute === null ? "null" : `{"from_ms":${worst_minute.from_ms},"seconds":${linesOf(worst_minute.seconds)}}`;
  const head = Object.entries(rest).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  return `{\n${[...head, `  "faults": ${linesOf(faults)}`, `  "worst_minute": ${minute}`].join(",\n")}\n}\n`;
}

function linesOf(items: readonly object[]): string {
  return items.length === 0 ? "[]" : `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
}

function faultOf(fault: FaultView, startMs: number): DigestFault {
  return {
    id: fault.id,
    kind: fault.kind,
    node: fault.node,
    node_kind: fault.nodeKind,
    role: fault.role ?? null,
    at_ms: fault.injectedMs - startMs,
    effective: fault.effective ?? null,
    under_load: fault.stake.underLoad,
    recovered: fault.stake.recovered,
    detected: measureOf(fault.detected),
    held: measureOf(fault.held),
    ready: measureOf(fault.nodeReady),
    failed_over: measureOf(fault.failedOver),
    caught_up: measureOf(fault.caughtUp),
    ack_gap: gapOf(fault.ackGap),
    sink_gap: gapOf(fault.sinkGap),
    visible_again: measureOf(fault.visibleAgain),
  };
}

export function measureOf(measure: Measure): DigestMeasure {
  if (!isKnown(measure)) return { unknown: short(measure.unknown) };
  const { lowMs, highMs, open, by } = measure;
  return { low_ms: lowMs, high_ms: highMs, open, by };
}

function gapOf({ measure, sharedWith }: ChargedGap): DigestFault["ack_gap"] {
  return { measure: measureOf(measure), shared_with: sharedWith };
}

function figuresOf(figures: Figures | undefined): Digest["figures"]["calm"] {
  return {
    acknowledged_per_s: spreadOf(figures?.acknowledgedPerS),
    stored_per_s: spreadOf(figures?.rowsPerS),
    latency_p50_ms: spreadOf(figures?.latencyP50Ms),
    latency_p99_ms: spreadOf(figures?.latencyP99Ms),
    lag: spreadOf(figures?.lag),
  };
}

function spreadOf(spread: Spread | undefined): Digest["figures"]["calm"]["lag"] {
  if (spread === undefined) return null;
  const [median, lowest, highest] = [spread.median, spread.lowest, spread.highest].map(
    (value) => Math.round(value * 10) / 10,
  );
  return { samples: spread.samples, median: median as number, lowest: lowest as number, highest: highest as number };
}

function premisesOf({ premises }: RunView): Digest["premises"] {
  if (premises.value === undefined) return null;
  const count = (verdict: string): number => premises.value.filter((premise) => premise.verdict === verdict).length;
  return {
    hold: count("holds"),
    recorded: count("recorded"),
    others: premises.value.flatMap(({ name, value, verdict, why }) =>
      verdict === "unknown" || verdict === "not-proved" ? { name, value: short(value), verdict, why: short(why) } : [],
    ),
  };
}

function canaryOf({ verdict }: RunView): Digest["canary"] {
  const canary = verdict.value?.canary;
  return canary === undefined || canary === null
    ? null
    : { planted: canary.planted, found: canary.found, kinds: canary.kinds };
}

function sorted(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function short(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
}
