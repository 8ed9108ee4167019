import type { VerdictFile } from "../../contract/verdict.ts";
import { countText, plural } from "./number-text.ts";

/** The verdict in one plain sentence. */
export function verdictMeaning({ verdict, counts, anomalies }: VerdictFile): string {
  switch (verdict) {
    case "VALID":
      return (
        `nothing was lost, doubled or changed. Of ${plural(counts.acknowledged, "acknowledged event")}, every one is in Kafka, and the table holds the ` +
        `${plural(counts.actual_rows, "row")} that it must hold, while ${plural(counts.faults_under_load, "fault")} struck events under way.`
      );
    case "VACUOUS":
      return "nothing wrong was found, but the run was too easy to prove anything.";
    case "SLO_BREACH":
      return "the data is right, but the pipeline was slower than it was allowed to be.";
    case "STALLED":
      return "not everything had reached PostgreSQL when time ran out. This is not loss: the missing events are in Kafka, and nothing is wrong with the events that arrived.";
    case "UNKNOWN":
      return "the checks could not be completed, so nobody knows whether the data is right.";
    default: {
      const kinds = anomalies
        .filter((anomaly) => anomaly.count > 0)
        .map((anomaly) => `${anomaly.kind} (${countText(anomaly.count)})`);
      return `the data is wrong. Found: ${kinds.join(", ") || "see the reasons"}.`;
    }
  }
}
