import type { FaultHistory } from "../../contract/fault-history.ts";
import type { ProducerStatus } from "../../contract/run.ts";
import type { FaultsOfKind } from "../../contract/verdict.ts";
import { missingText } from "./stake.ts";
import { type StoringEvidence, storedBefore } from "./storing-load.ts";

/** Of the events that were due, at least this share must have been attempted. */
const LEAST_ATTEMPTED_SHARE = 0.1;

/** What the whole run must have, besides faults under load, to prove something. */
export type RunFacts = {
  /** Rows in PostgreSQL; undefined: they could not be read. */
  rows: number | undefined;
  attempted: number;
  acknowledged: number;
  minAcknowledged: number;
  /** `producer-status.json`; undefined: there is none. */
  status: ProducerStatus | undefined;
  /** Those that had an effect; none is fine here. */
  faults: readonly FaultHistory[];
  evidence: StoringEvidence;
};

/** @returns why the run as a whole proves nothing, one sentence each; none: nothing speaks against it. */
export function hollowReasons(facts: RunFacts): string[] {
  const { rows, acknowledged, minAcknowledged } = facts;
  const reasons: string[] = [];
  if (acknowledged < minAcknowledged)
    reasons.push(
      `only ${acknowledged} events were acknowledged; at least ${minAcknowledged} are needed to prove something`,
    );
  // Half: a part of the events may be malformed, and they become dead letters.
  else if (rows === 0 || (rows !== undefined && rows < minAcknowledged / 2))
    reasons.push(
      `only ${rows} of ${acknowledged} acknowledged events became rows; at least ${Math.max(1, Math.ceil(minAcknowledged / 2))} rows are needed to prove something about the table`,
    );
  return [...reasons, ...throttledReasons(facts), ...lateRowsReasons(facts)];
}

function throttledReasons({ attempted, status }: RunFacts): string[] {
  const due = attempted + (status?.throttled ?? 0);
  if (status === undefined || attempted >= due * LEAST_ATTEMPTED_SHARE) return [];
  return [
    `only ${attempted} of ${due} events that were due were attempted; the producer turned the others away, so the pipeline was never under its load`,
  ];
}

function lateRowsReasons({ faults, rows, evidence }: RunFacts): string[] {
  const lastUndoMs = Math.max(...faults.map(({ healedMs }) => healedMs ?? Infinity));
  if (faults.length === 0 || !rows || storedBefore(lastUndoMs, evidence)) return [];
  // Without evidence of the time after the undo nobody can say that they came late.
  const isLate =
    typeof evidence.rows === "string"
      ? evidence.points.some((point) => point.sinceMs >= lastUndoMs && point.nextOffsets.every((next) => next === 0))
      : evidence.rows.firstMs !== undefined && evidence.rows.firstMs > lastUndoMs;
  return isLate
    ? ["all rows were stored after the last fault was undone, so no fault struck a pipeline that stored"]
    : [];
}

/** @returns why the faults prove nothing; none: at least one was under load and its path recovered. */
export function idleFaultReasons(lines: readonly FaultsOfKind[], noStoring: string | undefined): string[] {
  if (lines.length === 0)
    return [
      "no fault had an effect, so the run proves nothing about failures; with --allow-no-faults only the data is judged",
    ];
  if (lines.some(({ recovered }) => recovered > 0)) return [];
  const struck = lines.reduce((sum, line) => sum + line.struck, 0);
  return [
    `${struck === 1 ? "1 fault" : `${struck} faults`} had an effect, but none while its path was at work and worked again afterwards, so the run proves nothing about failures: ${lines.map((line) => missingText(line, noStoring)).join("; ")}`,
  ];
}
