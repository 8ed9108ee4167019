import type { KnownMeasure } from "../../measure/measure.ts";
import type { Figures, Spread } from "../../measure/throughput.ts";
import type { LastRun } from "../../view/last-runs.ts";
import { countText, durationText, measureText, plural } from "../../view/number-text.ts";
import type { RunView } from "../../view/run-view.ts";
import { markup, type Markup, table } from "./markup.ts";
import { sparklineSvg } from "./sparkline-svg.ts";

export function figurePart({ figures }: RunView): Markup {
  if (figures.value === undefined) return markup`<p>No figures: ${figures.missing}.</p>`;
  const { all, calm, during, damaged } = figures.value;
  if (all.samples === 0) return markup`<p>No figures: no sample shows a flow of events.</p>`;
  const row = (what: string, pick: (figures: Figures) => Spread | undefined): string[] => [
    what,
    ...[calm, during, all].map((each) => spreadText(pick(each))),
  ];
  return markup`${table(
    "Median of the samples (lowest to highest)",
    ["figure", "calm", "during faults", "all"],
    [
      ["samples", ...[calm, during, all].map((each) => countText(each.samples))],
      row("acknowledged, events/s", (each) => each.acknowledgedPerS),
      row("stored, rows/s", (each) => each.rowsPerS),
      row("latency p50, ms", (each) => each.latencyP50Ms),
      row("latency p99, ms", (each) => each.latencyP99Ms),
      row("lag, events", (each) => each.lag),
    ],
  )}
    <p class="small">
      A sample is one second. During a fault is from its injection until its node is ready, new events are rows and the lag is back. Calm is outside of that, after the start. Latency is from an event's creation to its row's commit, over at most 2,000 rows stored
      since the sample before.${damaged === 0 ? "" : ` ${plural(damaged, "line")} of samples.ndjson can't be read.`}
    </p>`;
}

function spreadText(spread: Spread | undefined): string {
  if (spread === undefined) return "unknown";
  return `${countText(spread.median)} (${countText(spread.lowest)} to ${countText(spread.highest)})`;
}

/** Figures of the last runs, each as a small picture. */
export function lastRunsPart({ lastRuns, id }: RunView): Markup {
  if (lastRuns.length < 2) return markup`<p>There is no earlier run of this pipeline beside this one.</p>`;
  const figures: [string, (run: LastRun) => number | null, (run: LastRun) => string][] = [
    ["longest without an acknowledgement", (run) => run.ackGap?.highMs ?? null, (run) => text(run.ackGap)],
    ["longest without rows", (run) => run.sinkGap?.highMs ?? null, (run) => text(run.sinkGap)],
    ["slowest visible again", (run) => run.visibleAgain?.highMs ?? null, (run) => text(run.visibleAgain)],
    [
      "latency p99 in calm",
      (run) => run.calmP99Ms,
      (run) => (run.calmP99Ms === null ? "unknown" : durationText(run.calmP99Ms)),
    ],
  ];
  const last = lastRuns.at(-1) as LastRun;
  const pictures = table(
    `The worst of each run, from the oldest to this one; ${plural(lastRuns.length, "run")}`,
    ["figure", "last runs", "this run"],
    figures.map(([name, value, valueText]) => [
      name,
      sparklineSvg(lastRuns.map(value), `${name}: ${lastRuns.map(valueText).join(", ")}`),
      valueText(last),
    ]),
  );
  const list = table(
    "The runs",
    ["run", "verdict", "faults", "no ack", "no rows", "visible again", "calm p99"],
    lastRuns.map((run) => [
      run.id === id ? markup`<strong>${run.id}</strong>` : run.id,
      run.verdict,
      String(run.faults),
      ...figures.map(([, , valueText]) => valueText(run)),
    ]),
  );
  return markup`${pictures}
    <details>
      <summary>The runs</summary>
      ${list}
    </details>`;
}

const text = (measure: KnownMeasure | null): string => (measure === null ? "unknown" : measureText(measure));

export function whatWasRunPart({ run, pipeline, plan, production, coordination }: RunView): Markup {
  const rows: [string, string][] = [
    [
      "run",
      run.value === undefined
        ? `unknown: ${run.missing}`
        : `${run.value.run}, seed ${run.value.seed}, created ${new Date(run.value.created_ms).toISOString()}`,
    ],
    ["runtime, trigger", run.value === undefined ? "unknown" : `${run.value.runtime}, ${run.value.trigger}`],
    ["Kafka's coordination", coordination ?? "unknown"],
    [
      "pipeline",
      pipeline.value === undefined
        ? `unknown: ${pipeline.missing}`
        : `${pipeline.value.name}: topic ${pipeline.value.topic}, ${plural(pipeline.value.partitions, "partition")}, table ${pipeline.value.table}`,
    ],
    [
      "production",
      production.value === undefined
        ? `unknown: ${production.missing}`
        : `${durationText(production.value.durationMs)}, ${countText(production.value.attempted)} events attempted, ${production.value.closed ? "ended in order" : "not ended in order"}`,
    ],
    [
      "plan",
      plan.value === undefined
        ? `unknown: ${plan.missing}`
        : `${plural(plan.value.faults.length, "fault")} over ${durationText(plan.value.duration_ms)}, seed ${plan.value.seed}, on ${plan.value.kinds.join(", ")}`,
    ],
    ...Object.entries(run.value?.versions ?? {}).map(([component, version]): [string, string] => [component, version]),
  ];
  return markup`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        markup`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export function repeatPart({ id, plan }: RunView): Markup {
  const again =
    plan.value === undefined ? [] : [`./faultline chaos --plan runs/${id}/plan.json   # inject the same faults again`];
  const lines = [
    ...again,
    `./faultline validate --run ${id}   # judge this run again`,
    `./faultline report ${id}   # write this report again`,
  ];
  return markup`<pre tabindex="0"><code>${lines.join("\n")}</code></pre>`;
}
