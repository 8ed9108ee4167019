import type { VerdictFile } from "../contract/verdict.ts";
import { countText, plural } from "./number-text.ts";

/** The verdict in plain words: what it means first, then the figures that it stands on. */
export function verdictWords(verdict: VerdictFile): string[] {
  return [`**${verdict.verdict}**: ${meaning(verdict)}`, ...verdict.reasons.map((reason) => `- ${reason}`)];
}

function meaning({ verdict, counts, anomalies }: VerdictFile): string {
  switch (verdict) {
    case "VALID":
      return (
        `nothing was lost, doubled or changed. Of ${plural(counts.acknowledged, "acknowledged event")}, every one is in Kafka, and the table holds the ` +
        `${plural(counts.actual_rows, "row")} that it must hold, while ${plural(counts.faults_effective, "fault")} bit.`
      );
    case "VACUOUS":
      return "nothing wrong was found, but the run was too easy to prove anything.";
    case "SLO_BREACH":
      return "the data is right, but the pipeline was slower than it was allowed to be.";
    case "STALLED":
      return "not everything had reached PostgreSQL when time ran out. That is not loss: what is missing is in Kafka, and nothing was found wrong in what arrived.";
    case "UNKNOWN":
      return "the checks could not be made, so nobody knows whether the data is right.";
    default: {
      const kinds = anomalies.filter((anomaly) => anomaly.count > 0).map((anomaly) => `${anomaly.kind} (${countText(anomaly.count)})`);
      return `the data is wrong. Found: ${kinds.join(", ") || "see the reasons"}.`;
    }
  }
}
