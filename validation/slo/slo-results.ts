import type { FaultHistory } from "../../contract/fault-history.ts";
import { type Slo, SLO_BOUNDS, type SloBound } from "../../contract/slo.ts";
import type { SloResult } from "../../contract/verdict.ts";
import type { Figure, Measure } from "./measure.ts";

const FIGURE: Record<SloBound, string> = {
  without_acknowledgement_ms: "ms without an acknowledgement",
  without_rows_ms: "ms without a row",
  visible_again_ms: "ms until an event was visible again",
  calm_p99_ms: "ms from creation to commit (p99)",
  turned_away_events: "events turned away",
};

/** `breaches` and `unknown`: reasons, as sentences. */
export type SloResults = { results: SloResult[]; breaches: string[]; unknown: string[] };

/** Holds the bounds against what was measured. A bound is exceeded only if the least that the evidence allows exceeds it. */
export function sloResults(slo: Slo, measures: ReadonlyMap<SloBound, Measure>): SloResults {
  const all: SloResults = { results: [], breaches: [], unknown: [] };
  for (const bound of SLO_BOUNDS) {
    const limit = slo[bound];
    if (limit === undefined) continue;
    const measure = measures.get(bound) ?? { unknown: "PostgreSQL could not be read" };
    if ("unknown" in measure) {
      all.results.push({ bound, limit, worst: null, fault: "", is_exceeded: false });
      all.unknown.push(`the bound ${bound} can't be judged: ${measure.unknown}`);
      continue;
    }
    const isExceeded = measure.least > limit;
    const fault = measure.fault === undefined ? "" : faultText(measure.fault);
    all.results.push({ bound, limit, worst: measure.worst, fault, is_exceeded: isExceeded });
    if (isExceeded) all.breaches.push(breachText(bound, limit, measure, fault));
  }
  return all;
}

function breachText(bound: SloBound, limit: number, { worst, what, error }: Figure, fault: string): string {
  const during = fault === "" ? "" : `, ${bound === "visible_again_ms" ? "after" : "during"} ${fault}`;
  return `${bound}: ${worst} ${FIGURE[bound]} ${what}${during}; the bound is ${limit} (${error})`;
}

/** "fault 3 (kill of driver)". */
function faultText({ id, kind, node }: FaultHistory): string {
  return `fault ${id} (${kind} of ${node})`;
}
