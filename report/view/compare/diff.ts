import { isKnown, type KnownMeasure, type Measure } from "../../measure/measure.ts";
import type { Spread } from "../../measure/throughput.ts";
import { struckGroup } from "../fault-group.ts";
import type { FaultView } from "../fault-view.ts";
import { rankTest, significant } from "./rank-test.ts";
import type { RunView } from "../run-view.ts";

/** The figures that two runs are compared by. */
const FIGURES: Record<string, (fault: FaultView) => Measure> = {
  "node ready": ({ nodeReady }) => nodeReady,
  "no ack for": ({ ackGap }) => ackGap.measure,
  "no rows for": ({ sinkGap }) => sinkGap.measure,
  "visible again": ({ visibleAgain }) => visibleAgain,
};
/** Of 20 pairs of equal runs, one may be said to differ. */
const LEVEL = 0.05;

/** One figure of one run: how many faults have it, and the median. Null: none has it. `open`: faults whose figure was not over at the end. */
export type DiffSide = { n: number; open: number; median: Omit<KnownMeasure, "by"> | null };

/**
 * - slower, faster: B differs from A, beyond chance and beyond the error of the figures
 * - same: nothing that could not be chance
 * - too-few: so few faults that no difference between them could be told from chance
 */
export type DiffResult = "slower" | "faster" | "same" | "too-few";

export type DiffLine = {
  fault: string;
  figure: string;
  a: DiffSide;
  b: DiffSide;
  p: number | null;
  result: DiffResult;
};

/** A figure of the whole run, side by side. Samples of a run depend on each other, so there is no judgement. */
type WholeLine = { figure: string; a: Spread | null; b: Spread | null };

/** Two runs side by side (pure). */
export type RunDiff = {
  a: string;
  b: string;
  lines: DiffLine[];
  calm: WholeLine[];
  verdicts: [string | null, string | null];
};

/** Compares the faults of two runs by kind of fault and kind of node. */
export function diffOf(a: RunView, b: RunView): RunDiff {
  const keys = new Set([...a.faults, ...b.faults].filter(({ effective }) => effective === true).map(keyOf));
  const drafts = [...keys].toSorted().flatMap((fault) =>
    Object.entries(FIGURES).map(([figure, of]) => {
      const [ofA, ofB] = [a, b].map((run) => measuresOf(run, fault, of)) as [KnownMeasure[], KnownMeasure[]];
      const test = ofA.length === 0 || ofB.length === 0 ? undefined : rankTest(ofA.map(rankValue), ofB.map(rankValue));
      return { fault, figure, a: sideOf(ofA), b: sideOf(ofB), test };
    }),
  );
  const able = drafts.filter(({ test }) => test !== undefined && test.least <= LEVEL);
  const beyondChance = significant(
    able.map(({ test }) => test?.p ?? 1),
    LEVEL,
  );
  const lines = drafts.map(({ test, ...line }): DiffLine => {
    const place = able.findIndex((each) => each.fault === line.fault && each.figure === line.figure);
    if (place < 0) return { ...line, p: null, result: "too-few" };
    const direction = beyondChance[place] === true ? directionOf(line.a, line.b) : "same";
    return { ...line, p: test?.p ?? null, result: direction };
  });
  return {
    a: a.id,
    b: b.id,
    lines,
    calm: wholeLines(a, b),
    verdicts: [a.verdict.value?.verdict ?? null, b.verdict.value?.verdict ?? null],
  };
}

function keyOf({ kind, nodeKind, role }: FaultView): string {
  return `${kind} ${struckGroup(nodeKind, role)}`;
}

function measuresOf({ faults }: RunView, key: string, of: (fault: FaultView) => Measure): KnownMeasure[] {
  return faults
    .filter((fault) => fault.effective === true && keyOf(fault) === key)
    .map(of)
    .filter(isKnown);
}

/** The middle of what it can be; what was not over is longer than anything. */
function rankValue({ lowMs, highMs, open }: KnownMeasure): number {
  return open ? Infinity : (lowMs + highMs) / 2;
}

function sideOf(measures: readonly KnownMeasure[]): DiffSide {
  const open = measures.filter((measure) => measure.open).length;
  const sorted = measures.toSorted((a, b) => rankValue(a) - rankValue(b) || a.lowMs - b.lowMs);
  const middle = sorted[Math.ceil(sorted.length / 2) - 1];
  return {
    n: measures.length,
    open,
    median: middle === undefined ? null : { lowMs: middle.lowMs, highMs: middle.highMs, open: middle.open },
  };
}

/** A difference within the error of the figures is none. */
function directionOf({ median: a }: DiffSide, { median: b }: DiffSide): DiffResult {
  if (a === null || b === null) return "same";
  const [endOfA, endOfB] = [a.open ? Infinity : a.highMs, b.open ? Infinity : b.highMs];
  if (b.lowMs > endOfA) return "slower";
  return a.lowMs > endOfB ? "faster" : "same";
}

const WHOLE = {
  "acknowledged, events/s": "acknowledgedPerS",
  "stored, rows/s": "rowsPerS",
  "latency p50, ms": "latencyP50Ms",
  "latency p99, ms": "latencyP99Ms",
} as const;

function wholeLines(a: RunView, b: RunView): WholeLine[] {
  return Object.entries(WHOLE).map(([figure, name]) => ({
    figure,
    a: a.figures.value?.calm[name] ?? null,
    b: b.figures.value?.calm[name] ?? null,
  }));
}
