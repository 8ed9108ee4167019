import { COORDINATIONS, type Coordination } from "../../contract/stack.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import type { Plan } from "../../contract/plan.ts";
import type { Run } from "../../contract/run.ts";
import type { Premise, VerdictFile } from "../../contract/verdict.ts";
import type { Unreadable } from "../measure/log-lines.ts";
import { isKnown, type Measure } from "../measure/measure.ts";
import { calmOf, type MeasuredRun } from "../measure/measured-run.ts";
import { mapPart, type Part } from "../measure/part.ts";
import type { Span } from "../measure/success-gap.ts";
import { figuresOf, type SplitFigures } from "../measure/throughput.ts";
import { timelineOf } from "../timeline/builder.ts";
import { thin } from "../timeline/thin.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { anomalyView, type AnomalyView } from "./anomaly-view.ts";
import { type Course, courseOf } from "./course.ts";
import { type FaultView, faultViews } from "./fault-view.ts";
import type { LastRun } from "./last-runs.ts";
import { type WorstMinute, worstMinute } from "./worst-minute.ts";
import { verdictMeaning } from "./verdict-meaning.ts";

export type VerdictView = VerdictFile & {
  /** The verdict in one plain sentence. */
  meaning: string;
  /** The run that verdict.json is about, if it is another one; null: it is this one. */
  foreign: string | null;
};

export type Production = {
  durationMs: number;
  attempted: number;
  acknowledged: number;
  /** Producer processes. */
  starts: number;
  /** It ended in order. */
  closed: boolean;
  unreadable: Unreadable;
};

/**
 * Everything that a report of a run says, whatever it looks like: Markdown, HTML, JUnit, the table in a terminal, the digest. It is JSON. Times are ms
 * since 1970, durations ms.
 */
export type RunView = {
  id: string;
  /** Times in a report are relative to this: the producer's first start, or else the run's creation. */
  startMs: number;
  endMs: number;
  verdict: Part<VerdictView>;
  run: Part<Run>;
  /** What coordinates the brokers; null: neither versions nor samples tell. */
  coordination: Coordination | null;
  pipeline: Part<Pick<Pipeline, "name" | "topic" | "partitions" | "table">>;
  production: Part<Production>;
  plan: Part<Plan>;
  /** First what is not as it should be. */
  premises: Part<Premise[]>;
  anomalies: Part<AnomalyView[]>;
  journal: Part<{ unreadable: Unreadable; problems: string[] }>;
  faults: FaultView[];
  /** When each fault was going on, whether it bit or not, at most until endMs: calm lies outside. */
  windows: Span[];
  calmAckGap: Measure;
  calmSinkGap: Measure;
  figures: Part<SplitFigures & { damaged: number }>;
  /** Thinned to about 2,000 points. */
  timeline: Timeline;
  /** The whole run in at most 400 steps; null: there are no samples. */
  course: Course | null;
  /** The minute in which the least was stored; null: there are not enough samples. */
  worstMinute: WorstMinute | null;
  /** Judged runs of the same pipeline beside this one, from the oldest to the newest, with this one. */
  lastRuns: LastRun[];
};

const PREMISE_ORDER = ["unknown", "not-proved", "holds", "recorded"] as const;

/** Makes the view of a run that was read and measured (pure). */
export function runView(run: MeasuredRun, lastRuns: LastRun[] = []): RunView {
  const { id, verdict, recoveries } = run;
  const { records = [] } = run.journal.value ?? {};
  const faults = faultViews(recoveries.faults, records, verdict.value);
  const samples = run.samples.value?.samples ?? [];
  const whole = timelineOf(samples, records);
  return {
    id,
    startMs: run.startMs,
    endMs: run.endMs,
    verdict: mapPart(verdict, (value) => ({
      ...value,
      meaning: verdictMeaning(value),
      foreign: value.run_id === (run.run.value?.id ?? id) ? null : value.run_id,
    })),
    run: run.run,
    coordination: coordinationOf(run),
    pipeline: mapPart(run.pipeline, ({ name, topic, partitions, table }) => ({ name, topic, partitions, table })),
    production: mapPart(run.ledger, ({ openedMs, lastMs, attempted, acknowledged, starts, closed, unreadable }) => ({
      durationMs: lastMs - openedMs,
      attempted,
      acknowledged,
      starts,
      closed,
      unreadable,
    })),
    plan: run.plan,
    premises: mapPart(verdict, ({ premises }) =>
      PREMISE_ORDER.flatMap((rank) => premises.filter((premise) => premise.verdict === rank)),
    ),
    anomalies: mapPart(verdict, (value) => anomaliesOf(value, run)),
    journal: mapPart(run.journal, ({ unreadable, problems }) => ({ unreadable, problems })),
    faults,
    windows: recoveries.windows.map(({ fromMs, toMs }) => ({ fromMs, toMs: Math.min(toMs, run.endMs) })),
    calmAckGap: recoveries.calmAckGap,
    calmSinkGap: recoveries.calmSinkGap,
    figures: mapPart(run.samples, ({ damaged }) => ({ ...figuresOf(samples, calmOf(run)), damaged })),
    timeline: timelineView(thin(whole), run.startMs, faults),
    course: courseOf(whole, run),
    worstMinute: worstMinute(whole, bittenWindows(run), run.startMs),
    lastRuns,
  };
}

/** When the faults that bit were going on. */
function bittenWindows({ recoveries }: MeasuredRun): (Span & { id: number })[] {
  return recoveries.faults.flatMap(({ id, effective }, index) => {
    const window = recoveries.windows[index];
    return effective === true && window !== undefined ? { ...window, id } : [];
  });
}

function anomaliesOf({ anomalies }: VerdictFile, run: MeasuredRun): AnomalyView[] {
  const { ledger, samples, endMs } = run;
  const list = samples.value?.samples ?? [];
  const storedMs = (partition: number, offset: number): number | undefined =>
    list.find(({ next_offsets }) => (next_offsets?.[partition] ?? 0) > offset)?.at_ms;
  const ways = { lanes: ledger.value?.lanes ?? new Map(), storedMs, endMs };
  const windows = bittenWindows(run);
  return anomalies.filter(({ count }) => count > 0).map((anomaly) => anomalyView(anomaly, ways, windows));
}

/**
 * As the run says. In one of an older build, ZooKeeper is a node of its own, and without one Kafka is its own coordinator; but in containers it is always
 * there, for Spark's masters.
 */
function coordinationOf({ run, samples }: MeasuredRun): Coordination | null {
  const [kraft, zookeeper] = COORDINATIONS;
  if (run.value?.coordination !== undefined) return run.value.coordination;
  if (run.value?.runtime === "compose") return null;
  const nodes = samples.value?.samples.findLast((sample) => sample.nodes.length > 0)?.nodes;
  if (run.value?.versions["zookeeper"] !== undefined) return zookeeper;
  if (nodes === undefined) return null;
  return nodes.some(({ kind }) => kind === "zookeeper") ? zookeeper : kraft;
}

function timelineView(timeline: Timeline, startMs: number, faults: readonly FaultView[]): Timeline {
  const visible = new Map(
    faults.map(({ id, injectedMs, visibleAgain }) => [
      id,
      isKnown(visibleAgain) && !visibleAgain.open ? injectedMs + visibleAgain.highMs : null,
    ]),
  );
  // The timeline knows the samples only; here it is known better.
  return {
    ...timeline,
    start_ms: startMs,
    faults: timeline.faults.map((fault) => ({ ...fault, visible_ms: visible.get(fault.id) ?? null })),
  };
}
