import type { Digest, DigestFault, DigestMeasure } from "../../contract/digest.ts";
import { struckGroup } from "../view/fault-group.ts";

/** A fault, and the run in which it struck. */
export type StruckFault = DigestFault & { run: string };

/** The faults of one kind on one kind of node: what the tables have a line for. */
export type FaultGroup = { name: string; kind: string; nodeKind: string; faults: StruckFault[] };

/** The runs of one setting: runtime, coordination of the brokers, trigger. Their recovery times differ by design, so they are counted apart. */
export type Setting = { name: string; words: readonly string[]; groups: FaultGroup[] };

/** The figures that are counted over faults. */
export const FIGURES = {
  ack: (fault: DigestFault) => fault.ack_gap.measure,
  rows: (fault: DigestFault) => fault.sink_gap.measure,
  visible: (fault: DigestFault) => fault.visible_again,
  detected: (fault: DigestFault) => fault.detected,
  ready: (fault: DigestFault) => fault.ready,
  failed_over: (fault: DigestFault) => fault.failed_over,
  caught_up: (fault: DigestFault) => fault.caught_up,
} as const satisfies Record<string, (fault: DigestFault) => DigestMeasure>;
export type FigureName = keyof typeof FIGURES;

/** A percentile. `atLeast`: a fault whose end was not seen is among those that it counts, so the true one may be longer. */
export type Point = { ms: number; atLeast: boolean };
/** `n`: faults with a figure. `unknown`: faults without one. `errorMs`: the widest interval that the evidence leaves. */
export type Spread = { n: number; unknown: number; p50: Point; p95: Point; max: Point; errorMs: number };

/** The faults that bit, grouped by what was struck (see struckGroup) and kind of fault, in this order. */
export function groupFaults(digests: readonly Digest[]): FaultGroup[] {
  const struck = digests.flatMap(({ run_id, faults }) =>
    faults.filter(({ effective }) => effective === true).map((fault) => ({ ...fault, run: run_id })),
  );
  const groups = Map.groupBy(struck, ({ kind, node_kind, role }) =>
    JSON.stringify([struckGroup(node_kind, role), kind]),
  );
  return [...groups]
    .map(([key, faults]) => {
      const [nodeKind = "", kind = ""] = JSON.parse(key) as string[];
      return { name: `${kind} ${nodeKind}`, kind, nodeKind, faults };
    })
    .toSorted((a, b) => compare(a.nodeKind, b.nodeKind) || compare(a.kind, b.kind));
}

/** In the order of their first runs. */
export function groupBySetting(digests: readonly Digest[]): Setting[] {
  const runs = Map.groupBy(digests, (digest) => settingWords(digest).join(", "));
  return [...runs].map(([name, of]) => ({ name, words: settingWords(of[0] as Digest), groups: groupFaults(of) }));
}

/** Runtime, coordination, trigger; "unknown" for what a run does not tell. */
export function settingWords({ runtime, coordination, trigger }: Digest): string[] {
  return [runtime, coordination, trigger].map((word) => word ?? "unknown");
}

/**
 * Percentiles by nearest rank over the upper ends of the intervals, so that no figure is better than its evidence. Figures whose end was not seen count
 * as the longest.
 * @returns undefined if no fault has the figure.
 */
export function spreadOf(faults: readonly DigestFault[], figure: FigureName): Spread | undefined {
  const measures = faults.map(FIGURES[figure]);
  const known = measures.flatMap((measure) => ("unknown" in measure ? [] : measure));
  if (known.length === 0) return undefined;
  const points = known
    .map(({ high_ms, open }) => ({ ms: high_ms, atLeast: open }))
    .toSorted((a, b) => Number(a.atLeast) - Number(b.atLeast) || a.ms - b.ms);
  const at = (share: number): Point => points[Math.max(0, Math.ceil(share * points.length) - 1)] as Point;
  return {
    n: known.length,
    unknown: measures.length - known.length,
    p50: at(0.5),
    p95: at(0.95),
    max: at(1),
    errorMs: Math.max(...known.map(({ low_ms, high_ms }) => high_ms - low_ms)),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
