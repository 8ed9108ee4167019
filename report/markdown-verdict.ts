import { ANOMALIES, type Anomaly, type VerdictFile } from "../contract/verdict.ts";
import type { MeasuredRun } from "./measured-run.ts";
import { countText, durationText } from "./number-text.ts";
import type { RunEvidence } from "./run-evidence.ts";
import { markdownTable } from "./text-table.ts";
import { verdictWords } from "./verdict-words.ts";

/** The sections that verdict.json alone decides. */

export function verdictSection({ id, run, verdict }: RunEvidence): string {
  if (verdict.value === undefined) return `## Verdict\n\n**None**: ${verdict.missing}. To judge the run: \`./faultline validate --run ${id}\``;
  const { at_ms, duration_ms, canary, run_id } = verdict.value;
  const foreign = run_id === (run.value?.id ?? id) ? [] : ["", `**verdict.json speaks of another run, ${run_id}.**`];
  const judged = `Judged ${new Date(at_ms).toISOString()} in ${durationText(duration_ms)}.`;
  return ["## Verdict", "", ...verdictWords(verdict.value), ...foreign, "", `${judged} ${canaryText(canary)}`].join("\n");
}

function canaryText(canary: VerdictFile["canary"]): string {
  if (canary === null) return "The checks were not tried on planted anomalies.";
  const found = `Tried on a copy of this run with ${countText(canary.planted)} planted anomalies, the checks found ${countText(canary.found)}.`;
  return canary.found === canary.planted ? found : `**${found}**`;
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
        ["indeterminate (nobody told the producer)", countText(counts.indeterminate)],
        ["records in Kafka's log", countText(counts.log_records)],
        ["of these, repeats of an event", countText(counts.duplicates_in_log)],
        ["aggregate groups compared", countText(counts.aggregates_compared)],
        ["faults that bit", countText(counts.faults_effective)],
      ],
    ),
  ].join("\n");
}

/** Without a verdict, the producer's own word is all there is. */
function ledgerCounts(ledger: RunEvidence["ledger"]): string {
  if (ledger.value === undefined) return `None: no verdict, and ${ledger.missing}.`;
  const { attempted, acknowledged } = ledger.value;
  return `No verdict. By its ledger the producer attempted ${countText(attempted)} events, and ${countText(acknowledged)} were acknowledged.`;
}

export function anomalySection({ verdict }: RunEvidence): string {
  if (verdict.value === undefined) return `## Anomalies\n\nUnknown: ${verdict.missing}.`;
  const found = verdict.value.anomalies.filter((anomaly) => anomaly.count > 0);
  if (found.length === 0) return "## Anomalies\n\nNone.";
  const rows = found.map((anomaly) => [anomaly.kind, countText(anomaly.count), effectOf(anomaly), definitionOf(anomaly), rangesOf(anomaly), anomaly.detail]);
  return `## Anomalies\n\n${markdownTable(["anomaly", "count", "makes the run", "definition", "where", "detail"], rows)}`;
}

function effectOf({ kind }: Anomaly): string {
  const effect = ANOMALIES[kind] as { verdict: string } | undefined;
  return effect === undefined ? "unknown" : effect.verdict === "info" ? "(no worse)" : effect.verdict;
}

function definitionOf({ kind }: Anomaly): string {
  return (ANOMALIES[kind] as { definition: string } | undefined)?.definition ?? "unknown to this version";
}

function rangesOf({ ranges }: Anomaly): string {
  return ranges.length >= 20 ? `${ranges.join(", ")}, and maybe more` : ranges.join(", ");
}

export function notProvedSection({ verdict }: RunEvidence): string {
  if (verdict.value === undefined) return `## Not proved\n\nNothing is proved: ${verdict.missing}.`;
  const items = verdict.value.not_proved;
  return `## Not proved\n\n${items.length === 0 ? "verdict.json names nothing." : items.map((item) => `- ${item}`).join("\n")}`;
}
