import type { Digest } from "../../contract/digest.ts";
import { countText, durationText, offsetText, plural } from "../view/number-text.ts";
import { markdownTable } from "../render/text-table.ts";
import { pointText } from "./analysis.ts";
import { type FaultGroup, type FigureName, settingWords, spreadOf } from "./statistics.ts";

/** The sections of RESILIENCE_REPORT.md, each from the digests alone. */

export function summarySection(digests: readonly Digest[], groups: readonly FaultGroup[]): string {
  const faults = groups.flatMap((group) => group.faults);
  const acknowledged = sum(digests.map(({ figures }) => figures.acknowledged));
  const rows = sum(digests.map(({ figures }) => figures.rows));
  const letters = sum(digests.map(({ figures }) => figures.dead_letters));
  const verdicts = Map.groupBy(digests, ({ verdict }) => verdict?.verdict ?? "not judged");
  const said = [...verdicts].map(([verdict, runs]) => `${runs.length} × ${verdict}`).join(", ");
  const recovered = faults.filter((fault) => fault.recovered === true).length;
  const load = faults.filter((fault) => fault.under_load === true).length;
  return [
    `**${plural(digests.length, "run")}, ${plural(faults.length, "fault")} that bit (${load} under load, ${recovered} seen to recover): ${said}.**`,
    `${acknowledged} events were acknowledged by Kafka; ${rows} are rows in PostgreSQL, ${letters} are dead letters, as the malformed events that were mixed in have to be.`,
  ].join("\n");
}

export function runSection(digests: readonly Digest[]): string {
  const rows = digests.map((digest) => [
    digest.run_id,
    settingWords(digest).join(", "),
    digest.plan === null ? "none" : durationText(digest.plan.duration_ms),
    digest.plan === null ? "–" : `${digest.plan.seed}`,
    `${digest.faults.filter(({ effective }) => effective === true).length} of ${digest.faults.length}`,
    digest.figures.calm.acknowledged_per_s === null
      ? "unknown"
      : `${countText(digest.figures.calm.acknowledged_per_s.median)}/s`,
    millis(digest.figures.calm.latency_p50_ms?.median),
    millis(digest.figures.calm.latency_p99_ms?.median),
    `${digest.machine.cores} cores, ${Math.round(digest.machine.memory_mib / 1024)} GiB`,
  ]);
  const header = ["run", "kind", "chaos", "seed", "faults that bit", "events in calm", "latency p50", "p99", "machine"];
  const versions = new Map(digests.map(({ versions: of }) => [versionText(of), of]));
  return [markdownTable(header, rows), "", ...[...versions.keys()].map((text) => `Versions: ${text}.`)].join("\n");
}

function versionText(versions: Record<string, string>): string {
  return Object.entries(versions)
    .map(([component, version]) => `${component} ${version}`)
    .join(", ");
}

export function recoverySection(groups: readonly FaultGroup[]): string {
  const rows = groups.map((group) => [
    group.name,
    `${group.faults.length}`,
    `${group.faults.filter(({ under_load: load }) => load === true).length}`,
    `${group.faults.filter(({ sink_gap: gap }) => gap.shared_with.length > 0).length}`,
    ...cells(group, "ack"),
    ...cells(group, "rows"),
    ...cells(group, "visible"),
  ]);
  const figures = ["no ack p50", "p95", "max", "no rows p50", "p95", "max", "visible again p50", "p95", "max"];
  return markdownTable(["fault", "n", "under load", "shared", ...figures], rows);
}

/** p50, p95, max. */
function cells({ faults }: FaultGroup, figure: FigureName): string[] {
  const spread = spreadOf(faults, figure);
  if (spread === undefined) return ["–", "–", "–"];
  return [pointText(spread.p50), pointText(spread.p95), pointText(spread.max)];
}

export function phaseSection(groups: readonly FaultGroup[]): string {
  const rows = groups.map((group) => [
    group.name,
    medianText(group, "detected"),
    medianText(group, "failed_over"),
    medianText(group, "ready"),
    medianText(group, "caught_up"),
  ]);
  return markdownTable(["fault", "effect proved", "role taken over", "node ready after the undo", "caught up"], rows);
}

function medianText({ faults }: FaultGroup, figure: FigureName): string {
  const spread = spreadOf(faults, figure);
  return spread === undefined ? "–" : `${pointText(spread.p50)} (max ${pointText(spread.max)}, n ${spread.n})`;
}

export function integritySection(digests: readonly Digest[]): string {
  const rows = digests.map(({ run_id: run, verdict, figures, canary, premises }) => [
    run,
    verdict?.verdict ?? "not judged",
    countText(figures.attempted),
    countText(figures.acknowledged),
    countText(figures.indeterminate),
    countText(figures.rows),
    countText(figures.dead_letters),
    canary === null ? "none" : `${canary.found} of ${canary.planted} in ${canary.kinds} kinds`,
    premises === null ? "not read" : `${premises.hold} hold, ${premises.others.length} do not`,
  ]);
  const reasons = digests.flatMap(({ run_id: run, verdict }) =>
    (verdict?.reasons ?? []).map((why) => `- ${run}: ${why}`),
  );
  const header = [
    "run",
    "verdict",
    "attempted",
    "acknowledged",
    "nobody told",
    "rows",
    "dead letters",
    "canary",
    "premises",
  ];
  return [
    markdownTable(header, rows),
    ...(reasons.length === 0 ? [] : ["", "Why a run is not VALID:", "", ...reasons]),
  ].join("\n");
}

export function notProvedSection(digests: readonly Digest[]): string {
  const runsOf = Map.groupBy(
    digests.flatMap(({ run_id, not_proved }) => not_proved.map((text) => ({ run_id, text }))),
    ({ text }) => text,
  );
  const whose = (runs: number): string => (runs === digests.length ? "" : ` *(${runs} of ${digests.length} runs)*`);
  return [...runsOf].map(([text, runs]) => `- ${text}${whose(runs.length)}`).join("\n");
}

/** The longest time of all until events were visible again, and what struck then. */
export function worstText(groups: readonly FaultGroup[]): string {
  const all = groups.flatMap((group) => group.faults.map((fault) => ({ group, fault })));
  const known = all.flatMap(({ group, fault }) =>
    "unknown" in fault.visible_again
      ? []
      : [{ group, fault, ms: fault.visible_again.high_ms, open: fault.visible_again.open }],
  );
  const worst = known.toSorted((a, b) => b.ms - a.ms)[0];
  if (worst === undefined) return "No fault has a known recovery.";
  const { group, fault, ms, open } = worst;
  return `The longest recovery of all: ${group.name} (${fault.node}, ${offsetText(fault.at_ms)} in ${fault.run}), events visible again after ${open ? "more than " : ""}${durationText(ms)}.`;
}

function millis(value: number | undefined): string {
  return value === undefined ? "unknown" : durationText(value);
}

/** @returns "unknown" if one of them is: a sum without it would be too low. */
function sum(values: readonly (number | null)[]): string {
  return values.includes(null)
    ? "an unknown number of"
    : countText(values.reduce<number>((total, value) => total + (value ?? 0), 0));
}
