import type { Verdict, VerdictFile } from "../contract/verdict.ts";
import { ANOMALIES } from "../contract/verdict.ts";

const MEANING: Record<Verdict, string> = {
  VALID: "zero data loss",
  VACUOUS: "nothing is proved",
  SLO_BREACH: "the data is right, but not in time",
  STALLED: "not everything arrived in time",
  UNKNOWN: "can't be judged",
  INVALID: "the data is wrong",
};

/** The verdict for people: one string of several lines, the verdict itself last. */
export function printVerdict(file: VerdictFile): string {
  const { counts } = file;
  const lines = [
    `Run ${file.run_id}`,
    `  events attempted     ${figure(counts.attempted)}   acknowledged ${figure(counts.acknowledged)}   indeterminate ${figure(counts.indeterminate)}`,
    `  records in the log   ${figure(counts.log_records)}   repeated ${figure(counts.duplicates_in_log)}`,
    `  rows                 expected ${figure(counts.expected_rows)}   actual ${figure(counts.actual_rows)}`,
    `  dead letters         expected ${figure(counts.expected_dead_letters)}   actual ${figure(counts.actual_dead_letters)}`,
    `  aggregates compared  ${figure(counts.aggregates_compared)}`,
    `  faults with effect   ${figure(counts.faults_effective)}`,
  ];
  if (file.canary !== null) lines.push(`  canary               ${file.canary.found} of ${file.canary.planted} planted anomalies found`);
  for (const anomaly of file.anomalies) {
    const { verdict, definition } = ANOMALIES[anomaly.kind];
    lines.push("", `${verdict === "info" ? "Note" : "ANOMALY"} ${anomaly.kind}: ${figure(anomaly.count)} (${definition})`);
    for (const range of anomaly.ranges) lines.push(`  ${range}`);
    if (anomaly.detail !== "") lines.push(`  ${anomaly.detail}`);
  }
  if (file.reasons.length > 0) lines.push("", "Why:", ...file.reasons.map((reason) => `  - ${reason}`));
  lines.push("", "Not proved:", ...file.not_proved.map((line) => `  - ${line}`));
  lines.push("", `Judged in ${(file.duration_ms / 1000).toFixed(1)} s`, headline(file), "");
  return lines.join("\n");
}

function headline({ verdict, reasons }: VerdictFile): string {
  if (verdict === "VALID") return "VALIDATION PASSED: zero data loss";
  return `VALIDATION FAILED: ${verdict}: ${MEANING[verdict]}${reasons.length > 0 ? `: ${reasons[0]}` : ""}`;
}

function figure(value: number): string {
  return value.toLocaleString("en-US");
}
