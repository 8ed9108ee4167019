import { ANOMALIES, type Anomaly, type VerdictFile } from "../../contract/verdict.ts";
import type { MeasuredRun } from "../measure/measured-run.ts";
import { countText, durationText, plural } from "./number-text.ts";
import type { RunEvidence } from "../measure/run-evidence.ts";
import { markdownTable } from "./text-table.ts";

/** The sections that verdict.json alone decides. */

export function verdictSection({ id, run, verdict }: RunEvidence): string {
  if (verdict.value === undefined)
    return `## Verdict\n\n**None**: ${verdict.missing}. To judge the run: \`./faultline validate --run ${id}\``;
  const { at_ms, duration_ms, canary, witness, run_id, evidence } = verdict.value;
  const foreign = run_id === (run.value?.id ?? id) ? [] : ["", `**verdict.json is about another run, ${run_id}.**`];
  const from = evidence === null ? "" : ` from evidence with the root ${evidence.root}`;
  const judged = `Judged${from} ${new Date(at_ms).toISOString()} in ${durationText(duration_ms)}.`;
  const how = [judged, canaryText(canary), witnessText(witness)].join(" ");
  return ["## Verdict", "", ...verdictWords(verdict.value), ...foreign, "", how].join("\n");
}

/** The verdict in plain words: its meaning first, then its figures. */
function verdictWords(verdict: VerdictFile): string[] {
  const waived = verdict.waived.map((phrase) => `- By a flag: ${phrase}.`);
  return [`**${verdict.verdict}**: ${meaning(verdict)}`, ...verdict.reasons.map((reason) => `- ${reason}`), ...waived];
}

function meaning({ verdict, counts, anomalies }: VerdictFile): string {
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

function canaryText(canary: VerdictFile["canary"]): string {
  if (canary === null) return "The checks were not tested on planted anomalies.";
  const found = `Tested on this run's own bytes, damaged at random: found ${countText(canary.found)} of ${countText(canary.planted)} in ${countText(canary.kinds)} kinds.`;
  return canary.found === canary.planted ? found : `**${found}**`;
}

function witnessText(witness: VerdictFile["witness"]): string {
  if (witness === null) return "No witness watched the run, so nobody knows what was changed and changed back.";
  const { sessions, watched_s, records, row_ranges, snapshots } = witness;
  return (
    `A witness watched the run for ${durationText(watched_s * 1_000)} in ${plural(sessions, "session")}: ${plural(records, "record")} of the log, ` +
    `${plural(row_ranges, "range")} of rows that were compared with the end, ${plural(snapshots, "snapshot")} of counters and tables.`
  );
}

export function countsSection({ verdict, ledger }: MeasuredRun): string {
  if (verdict.value === undefined) return `## Counts\n\n${ledgerCounts(ledger)}`;
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
function ledgerCounts(ledger: RunEvidence["ledger"]): string {
  if (ledger.value === undefined) return `None: no verdict, and ${ledger.missing}.`;
  const { attempted, acknowledged } = ledger.value;
  return `No verdict. According to its ledger, the producer attempted ${countText(attempted)} events, and ${countText(acknowledged)} were acknowledged.`;
}

export function anomalySection({ verdict }: RunEvidence): string {
  if (verdict.value === undefined) return `## Anomalies\n\nUnknown: ${verdict.missing}.`;
  const found = verdict.value.anomalies.filter((anomaly) => anomaly.count > 0);
  if (found.length === 0) return "## Anomalies\n\nNone.";
  const rows = found.map((anomaly) => [
    anomaly.kind,
    countText(anomaly.count),
    effectOf(anomaly),
    ANOMALIES[anomaly.kind].definition,
    rangesOf(anomaly),
    anomaly.detail,
  ]);
  return `## Anomalies\n\n${markdownTable(["anomaly", "count", "makes the run", "definition", "where", "detail"], rows)}`;
}

function effectOf({ kind }: Anomaly): string {
  const { verdict } = ANOMALIES[kind];
  return verdict === "info" ? "(no worse)" : verdict;
}

function rangesOf({ ranges }: Anomaly): string {
  return ranges.length >= 20 ? `${ranges.join(", ")}, and maybe more` : ranges.join(", ");
}

/** What "acknowledged" and "committed" rest on: first what is not as it should be, then what holds, then what is only evidence. */
export function premiseSection({ verdict }: RunEvidence): string {
  if (verdict.value === undefined) return `## Premises\n\nUnknown: ${verdict.missing}.`;
  const order = ["unknown", "not-proved", "holds", "recorded"] as const;
  const premises = order.flatMap((rank) => verdict.value.premises.filter((premise) => premise.verdict === rank));
  if (premises.length === 0) return "## Premises\n\nNone was read.";
  const rows = premises.map(({ name, value, verdict: found, why }) => [name, value, found.replace("-", " "), why]);
  return `## Premises\n\n${markdownTable(["premise", "value", "verdict", "why it matters"], rows)}`;
}

export function notProvedSection({ verdict }: RunEvidence): string {
  if (verdict.value === undefined) return `## Not proved\n\nNothing is proved: ${verdict.missing}.`;
  const items = verdict.value.not_proved;
  return `## Not proved\n\n${items.length === 0 ? "verdict.json has no entry." : items.map((item) => `- ${item}`).join("\n")}`;
}
