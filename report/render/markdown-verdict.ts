import type { VerdictFile } from "../../contract/verdict.ts";
import type { AnomalyView } from "../view/anomaly-view.ts";
import type { RunView, VerdictView } from "../view/run-view.ts";
import { countText, durationText, plural } from "../view/number-text.ts";
import { markdownTable } from "./text-table.ts";

/** The sections that verdict.json alone decides. */

export function verdictSection({ id, verdict }: RunView): string {
  if (verdict.value === undefined)
    return `## Verdict\n\n**None**: ${verdict.missing}. To judge the run: \`./faultline validate --run ${id}\``;
  const { at_ms, duration_ms, canary, witness, foreign: other, evidence } = verdict.value;
  const foreign = other === null ? [] : ["", `**verdict.json is about another run, ${other}.**`];
  const from = evidence === null ? "" : ` from evidence with the root ${evidence.root}`;
  const judged = `Judged${from} ${new Date(at_ms).toISOString()} in ${durationText(duration_ms)}.`;
  const how = [judged, canaryText(canary), witnessText(witness)].join(" ");
  return ["## Verdict", "", ...verdictWords(verdict.value), ...foreign, "", how].join("\n");
}

/** The verdict in plain words: its meaning first, then its figures. */
function verdictWords(verdict: VerdictView): string[] {
  const waived = verdict.waived.map((phrase) => `- By a flag: ${phrase}.`);
  return [`**${verdict.verdict}**: ${verdict.meaning}`, ...verdict.reasons.map((reason) => `- ${reason}`), ...waived];
}

export function canaryText(canary: VerdictFile["canary"]): string {
  if (canary === null) return "The checks were not tested on planted anomalies.";
  const found = `Tested on this run's own bytes, damaged at random: found ${countText(canary.found)} of ${countText(canary.planted)} in ${countText(canary.kinds)} kinds.`;
  return canary.found === canary.planted ? found : `**${found}**`;
}

export function witnessText(witness: VerdictFile["witness"]): string {
  if (witness === null) return "No witness watched the run, so nobody knows what was changed and changed back.";
  const { sessions, watched_s, records, row_ranges, snapshots } = witness;
  return (
    `A witness watched the run for ${durationText(watched_s * 1_000)} in ${plural(sessions, "session")}: ${plural(records, "record")} of the log, ` +
    `${plural(row_ranges, "range")} of rows that were compared with the end, ${plural(snapshots, "snapshot")} of counters and tables.`
  );
}

export function countsSection({ verdict, production }: RunView): string {
  if (verdict.value === undefined) return `## Counts\n\n${ledgerCounts(production)}`;
  const counts = verdict.value.counts;
  const rows: [string, number, number][] = [
    ["rows in PostgreSQL", counts.expected_rows, counts.actual_rows],
    ["dead letters", counts.expected_dead_letters, counts.actual_dead_letters],
  ];
  return [
    "## Counts",
    "",
    markdownTable(
      ["", "expected", "actual"],
      rows.map(([what, expected, actual]) => [what, countText(expected), countText(actual)]),
    ),
    "",
    markdownTable(
      ["events", ""],
      [
        ["attempted", countText(counts.attempted)],
        ["acknowledged", countText(counts.acknowledged)],
        ["indeterminate (the producer does not know)", countText(counts.indeterminate)],
        ["records in Kafka's log", countText(counts.log_records)],
        ["repeated records among them", countText(counts.duplicates_in_log)],
        ["aggregate groups compared", countText(counts.aggregates_compared)],
        ["faults that had an effect", countText(counts.faults_effective)],
        ["of these, while events were under way", countText(counts.faults_under_load)],
      ],
    ),
  ].join("\n");
}

/** Without a verdict, the producer's own word is all there is. */
function ledgerCounts(production: RunView["production"]): string {
  if (production.value === undefined) return `None: no verdict, and ${production.missing}.`;
  const { attempted, acknowledged } = production.value;
  return `No verdict. According to its ledger, the producer attempted ${countText(attempted)} events, and ${countText(acknowledged)} were acknowledged.`;
}

export function anomalySection({ anomalies }: RunView): string {
  if (anomalies.value === undefined) return `## Anomalies\n\nUnknown: ${anomalies.missing}.`;
  if (anomalies.value.length === 0) return "## Anomalies\n\nNone.";
  const rows = anomalies.value.map((anomaly) => [
    anomaly.kind,
    countText(anomaly.count),
    anomaly.effect ?? "(no worse)",
    anomaly.definition,
    hopText(anomaly),
    rangesOf(anomaly),
    anomaly.detail,
  ]);
  return `## Anomalies\n\n${markdownTable(["anomaly", "count", "makes the run", "definition", "between", "where", "detail"], rows)}`;
}

/** "Spark → PostgreSQL, during #3". */
export function hopText({ hop, faults }: AnomalyView): string {
  const during =
    faults === null ? "" : faults.length === 0 ? ", in calm" : `, during ${faults.map((id) => `#${id}`).join(", ")}`;
  return `${hop ?? "unknown"}${during}`;
}

export function rangesOf({ ranges }: AnomalyView): string {
  return ranges.length >= 20 ? `${ranges.join(", ")}, and maybe more` : ranges.join(", ");
}

/** What "acknowledged" and "committed" rest on: first what is not as it should be, then what holds, then what is only evidence. */
export function premiseSection({ premises }: RunView): string {
  if (premises.value === undefined) return `## Premises\n\nUnknown: ${premises.missing}.`;
  if (premises.value.length === 0) return "## Premises\n\nNone was read.";
  const rows = premises.value.map(({ name, value, verdict: found, why }) => [
    name,
    value,
    found.replace("-", " "),
    why,
  ]);
  return `## Premises\n\n${markdownTable(["premise", "value", "verdict", "why it matters"], rows)}`;
}

export function notProvedSection({ verdict }: RunView): string {
  if (verdict.value === undefined) return `## Not proved\n\nNothing is proved: ${verdict.missing}.`;
  const items = verdict.value.not_proved;
  return `## Not proved\n\n${items.length === 0 ? "verdict.json has no entry." : items.map((item) => `- ${item}`).join("\n")}`;
}
