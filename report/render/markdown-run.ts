import { FAULT_TABLE_LEGEND, faultTableMarkdown } from "./fault-table.ts";
import type { Unreadable } from "../measure/log-lines.ts";
import type { RunView } from "../view/run-view.ts";
import { countText, durationText, measureText, offsetText, plural } from "../view/number-text.ts";
import { markLine, pointsOf, sparkline, stretchOf } from "./sparkline.ts";
import { markdownTable } from "./text-table.ts";
import type { Figures, Spread } from "../measure/throughput.ts";

/** The sections about what was run and how it went. */

const SPARKLINE_COLUMNS = 72;

export function runSection(run: RunView): string {
  return [
    "## What was run",
    "",
    markdownTable(["", ""], [...runRows(run), ...pipelineRows(run), ...ledgerRows(run), ...planRows(run)]),
  ].join("\n");
}

function runRows({ run }: RunView): string[][] {
  if (run.value === undefined) return [["run", `unknown: ${run.missing}`]];
  const { run: number, seed, malformed_ppm, runtime, trigger, created_ms, versions } = run.value;
  return [
    ["run", `${number}, seed ${seed}, created ${new Date(created_ms).toISOString()}`],
    ["runtime, trigger", `${runtime}, ${trigger}`],
    [
      "versions",
      Object.entries(versions)
        .map(([component, version]) => `${component} ${version}`)
        .join(", ") || "unknown: run.json has none",
    ],
    ["malformed events", malformed_ppm === 0 ? "none" : `${countText(malformed_ppm)} per million`],
  ];
}

function pipelineRows({ pipeline }: RunView): string[][] {
  if (pipeline.value === undefined) return [["pipeline", `unknown: ${pipeline.missing}`]];
  const { name, topic, partitions, table } = pipeline.value;
  return [["pipeline", `${name}: topic ${topic}, ${plural(partitions, "partition")}, table ${table}`]];
}

function ledgerRows({ production }: RunView): string[][] {
  if (production.value === undefined) return [["producer", `unknown: ${production.missing}`]];
  const { durationMs, acknowledged, starts, closed, unreadable } = production.value;
  const seconds = durationMs / 1_000;
  const rate = seconds > 0 ? `${countText(acknowledged / seconds)} events/s` : "unknown: the ledger covers no time";
  return [
    [
      "production",
      `${durationText(durationMs)}, ${plural(starts, "producer process").replace(/processs$/, "processes")}, ${closed ? "ended in order" : "not ended in order"}`,
    ],
    ["mean rate over production", rate],
    ...(unreadable.count === 0 ? [] : [["ledger lines that can't be read", unreadableText(unreadable)]]),
  ];
}

function planRows({ plan, faults: all, journal }: RunView): string[][] {
  const injected = all.filter((fault) => fault.failed === undefined);
  const bit = all.filter((fault) => fault.effective === true).length;
  const faults =
    journal.value === undefined ? `unknown: ${journal.missing}` : `${injected.length} injected, ${bit} had an effect`;
  if (plan.value === undefined) return [["chaos", `${faults}; plan unknown: ${plan.missing}`]];
  const { seed, duration_ms, faults: planned, kinds } = plan.value;
  return [
    [
      "chaos",
      `${plural(planned.length, "fault")} planned over ${durationText(duration_ms)} (seed ${seed}, on ${kinds.join(", ")}); ${faults}`,
    ],
  ];
}

export function faultSection({ journal, faults, calmAckGap, calmSinkGap, startMs }: RunView): string {
  if (journal.value === undefined) return `## Faults\n\nNone known: ${journal.missing}.`;
  const damaged = journalProblems(journal.value);
  if (faults.length === 0) return ["## Faults", "", ...damaged, "The journal has no fault."].join("\n");
  const calm = `For comparison, outside all faults: the longest time without an acknowledgement ${measureText(calmAckGap)}, without rows ${measureText(calmSinkGap)}.`;
  const proofs = faults.map(
    (fault) =>
      `- ${fault.id}, ${fault.kind} ${fault.node}: ${fault.proof ?? fault.failed ?? "no proof in the journal"}`,
  );
  return [
    "## Faults",
    "",
    ...damaged,
    faultTableMarkdown(faults, startMs),
    "",
    calm,
    "",
    "Results of the effect probes:",
    "",
    ...proofs,
    "",
    "The columns:",
    "",
    ...FAULT_TABLE_LEGEND.map((line) => `- ${line}`),
  ].join("\n");
}

function journalProblems({ unreadable, problems }: NonNullable<RunView["journal"]["value"]>): string[] {
  const lost = `**${plural(unreadable.count, "line")} of the journal can't be read: this table may miss faults.**`;
  const lines = [
    ...(unreadable.count === 0 ? [] : [lost, ...unreadable.why.map((why) => `- ${why}`), ""]),
    ...(problems.length === 0 ? [] : ["**The journal contradicts itself: this table may be wrong.**"]),
    ...problems.map((problem) => `- ${problem}`),
  ];
  return lines.length === 0 || lines.at(-1) === "" ? lines : [...lines, ""];
}

function unreadableText({ count, why }: Unreadable): string {
  return `${countText(count)} (${why.join("; ")}${count > why.length ? "; …" : ""})`;
}

export function figureSection({ figures }: RunView): string {
  if (figures.value === undefined) return `## Throughput and latency\n\nNo figures: ${figures.missing}.`;
  const { all, calm, during, damaged } = figures.value;
  if (all.samples === 0) return "## Throughput and latency\n\nNo figures: no sample shows a flow of events.";
  const row = (what: string, pick: (figures: Figures) => Spread | undefined, unit: string): string[] => [
    what,
    ...[calm, during, all].map((figures) => spreadText(pick(figures), unit)),
  ];
  const noLatency = all.latencyP50Ms === undefined;
  return [
    "## Throughput and latency",
    "",
    markdownTable(
      ["median of the samples (lowest to highest)", "calm", "during faults", "all"],
      [
        ["samples", ...[calm, during, all].map((figures) => countText(figures.samples))],
        row("acknowledged, events/s", (figures) => figures.acknowledgedPerS, ""),
        row("stored, rows/s", (figures) => figures.rowsPerS, ""),
        row("latency p50, ms", (figures) => figures.latencyP50Ms, ""),
        row("latency p99, ms", (figures) => figures.latencyP99Ms, ""),
        row("lag, events", (figures) => figures.lag, ""),
      ],
    ),
    "",
    "A sample is one second. During a fault is from its injection until its node is ready, new events are rows and the lag is back. Calm is outside of that, after the start.",
    noLatency
      ? "No latency: the pipeline has no field with generator `now`, PostgreSQL runs without `track_commit_timestamp`, or no sample saw new rows."
      : "Latency is from an event's creation to its row's commit, over at most 2,000 rows stored since the sample before. It does not include the last flush to disk.",
    ...(damaged === 0
      ? []
      : [`${plural(damaged, "line")} of samples.ndjson can't be read and ${damaged === 1 ? "is" : "are"} left out.`]),
  ].join("\n");
}

function spreadText(spread: Spread | undefined, unit: string): string {
  if (spread === undefined) return "unknown";
  return `${countText(spread.median)}${unit} (${countText(spread.lowest)} to ${countText(spread.highest)})`;
}

export function lagSection({ figures, timeline, faults, startMs, endMs }: RunView): string {
  if (figures.value === undefined) return `## Lag over time\n\nNo picture: ${figures.missing}.`;
  const points = pointsOf(timeline, "lag");
  const stretch = stretchOf(points, SPARKLINE_COLUMNS);
  const known = points.map(({ value }) => value).filter((lag) => lag !== null);
  if (stretch === undefined || known.length === 0) return "## Lag over time\n\nNo picture: no sample has a lag.";
  const active = faults
    .filter((fault) => fault.effective === true)
    .map((fault) => ({ fromMs: fault.injectedMs, toMs: fault.healedMs ?? endMs }));
  return [
    "## Lag over time",
    "",
    `Events in Kafka that are not yet rows: at most ${countText(known.reduce((a, b) => Math.max(a, b)))}. From ${offsetText(stretch.startMs - startMs)} to ${offsetText(stretch.endMs - startMs)}; x: a fault is active; ?: unknown.`,
    "",
    "```text",
    sparkline(points, stretch),
    markLine(active, stretch),
    "```",
  ].join("\n");
}

export function replaySection({ id, plan }: RunView): string {
  const again =
    plan.value === undefined
      ? `# inject the same faults again: not possible, ${plan.missing}`
      : `./faultline chaos --plan runs/${id}/plan.json   # inject the same faults again`;
  return [
    "## Repeat it",
    "",
    "```sh",
    again,
    `./faultline validate --run ${id}   # judge this run again`,
    `./faultline report ${id}   # write this report again`,
    "```",
  ].join("\n");
}
