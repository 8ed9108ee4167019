import type { Premise, SloResult, Verdict, VerdictFile } from "../contract/verdict.ts";
import { ANOMALIES } from "../contract/verdict.ts";

const MEANING: Record<Verdict, string> = {
  VALID: "zero data loss",
  VACUOUS: "the run proves nothing",
  SLO_BREACH: "the data is right, but late",
  STALLED: "not everything arrived in time",
  UNKNOWN: "the run can't be judged",
  INVALID: "the data is wrong",
};

/** The verdict as text for people: several lines, with the verdict itself in the last line. */
export function printVerdict(file: VerdictFile): string {
  const { counts } = file;
  const lines = [
    `Run ${file.run_id}`,
    ...(file.evidence === null ? [] : [`  from evidence        ${evidenceText(file.evidence)}`]),
    `  events attempted     ${figure(counts.attempted)}   acknowledged ${figure(counts.acknowledged)}   indeterminate ${figure(counts.indeterminate)}`,
    `  records in the log   ${figure(counts.log_records)}   repeated ${figure(counts.duplicates_in_log)}`,
    `  rows                 expected ${figure(counts.expected_rows)}   actual ${figure(counts.actual_rows)}`,
    `  dead letters         expected ${figure(counts.expected_dead_letters)}   actual ${figure(counts.actual_dead_letters)}`,
    `  aggregates compared  ${figure(counts.aggregates_compared)}`,
    `  faults with effect   ${figure(counts.faults_effective)}   under load ${figure(counts.faults_under_load)}`,
  ];
  for (const line of file.faults)
    lines.push(
      `    ${line.node_kind.padEnd(18)} struck ${figure(line.struck)}   under load ${figure(line.under_load)}   recovered ${figure(line.recovered)}`,
    );
  for (const line of file.slo) lines.push(`  ${sloText(line)}`);
  if (file.canary !== null)
    lines.push(
      `  canary               found ${file.canary.found} of ${file.canary.planted} in ${file.canary.kinds} kinds`,
    );
  lines.push(`  ${witnessText(file.witness)}`);
  if (file.premises.length > 0) lines.push(`  premises             ${premisesText(file.premises)}`);
  for (const anomaly of file.anomalies) {
    const { verdict, definition } = ANOMALIES[anomaly.kind];
    lines.push(
      "",
      `${verdict === "info" ? "Note" : "ANOMALY"} ${anomaly.kind}: ${figure(anomaly.count)} (${definition})`,
    );
    for (const range of anomaly.ranges) lines.push(`  ${range}`);
    if (anomaly.detail !== "") lines.push(`  ${anomaly.detail}`);
  }
  if (file.reasons.length > 0) lines.push("", "Why:", ...file.reasons.map((reason) => `  - ${reason}`));
  lines.push("", "Not proved:", ...file.not_proved.map((line) => `  - ${line}`));
  lines.push(
    "",
    `Judged in ${(file.duration_ms / 1000).toFixed(1)} s, with at most ${file.peak_memory_mb} MB`,
    headline(file),
    "",
  );
  return lines.join("\n");
}

function evidenceText({ taken_ms, root }: NonNullable<VerdictFile["evidence"]>): string {
  return `taken ${taken_ms === null ? "at an unknown time" : new Date(taken_ms).toISOString()}   root ${root}`;
}

function sloText({ bound, limit, worst, fault, is_exceeded }: SloResult): string {
  const measured = worst === null ? "unknown" : `${figure(worst)}${is_exceeded ? " EXCEEDED" : ""}`;
  return `bound ${bound.padEnd(28)} ${figure(limit)}   worst ${measured}${fault === "" ? "" : `   ${fault}`}`;
}

function witnessText(witness: VerdictFile["witness"]): string {
  if (witness === null) return "witness              none";
  const { sessions, watched_s: seconds, records, row_ranges: ranges, snapshots } = witness;
  return `witness              ${figure(seconds)} s in ${figure(sessions)} sessions   records ${figure(records)}   row ranges ${figure(ranges)}   snapshots ${figure(snapshots)}`;
}

function headline({ verdict, reasons, waived, evidence }: VerdictFile): string {
  const but = [...(evidence === null ? [] : ["judged from evidence"]), ...waived];
  if (verdict === "VALID") return `VALIDATION PASSED: ${MEANING.VALID}${but.length > 0 ? ` (${but.join("; ")})` : ""}`;
  return `VALIDATION FAILED: ${verdict}: ${MEANING[verdict]}${reasons.length > 0 ? `: ${reasons[0]}` : ""}`;
}

/** Counts only: those that are not as they should be stand under "Why" and "Not proved". */
function premisesText(premises: VerdictFile["premises"]): string {
  const count = (verdict: Premise["verdict"]) => figure(premises.filter((item) => item.verdict === verdict).length);
  return `${count("holds")} hold   ${count("recorded")} recorded   ${count("not-proved")} not proved   ${count("unknown")} unknown`;
}

function figure(value: number): string {
  return value.toLocaleString("en-US");
}
