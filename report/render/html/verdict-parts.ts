import type { Premise } from "../../../contract/verdict.ts";
import { isKnown, longestOf, type Measure } from "../../measure/measure.ts";
import { countText, durationText, measureText } from "../../view/number-text.ts";
import type { RunView } from "../../view/run-view.ts";
import { canaryText, hopText, rangesOf, witnessText } from "../markdown-verdict.ts";
import { markup, type Markup, table } from "./markup.ts";

/** The first screen: verdict, why, what is not proved, and the figures that people ask for first. */
export function verdictHeader(run: RunView): Markup {
  const { verdict } = run;
  const name = verdict.value?.verdict ?? "NONE";
  const meaning = verdict.value?.meaning ?? `${verdict.missing}. Nobody has judged this run.`;
  return markup`<header>
    <p class="run">Run ${run.id}</p>
    <h1 class="verdict verdict-${name.toLowerCase()}">${verdict.value === undefined ? "No verdict" : name}</h1>
    <p class="meaning">${sentence(meaning)}</p>
    ${verdict.value?.foreign === null || verdict.value === undefined ? "" : markup`<p class="alarm">verdict.json is about another run, ${verdict.value.foreign}.</p>`}
    <div class="columns">${whyPart(run)} ${notProvedPart(run)}</div>
    ${keyFigures(run)}
  </header>`;
}

function whyPart({ verdict }: RunView): Markup {
  if (verdict.value === undefined)
    return markup`<section aria-labelledby="why">
      <h2 id="why">Why</h2>
      <p>To judge the run: <code>./faultline validate</code></p>
    </section>`;
  const { reasons, waived, canary, witness, at_ms, duration_ms, evidence } = verdict.value;
  const lines = [...reasons, ...waived.map((phrase) => `By a flag: ${phrase}.`)];
  const from = evidence === null ? "" : ` from evidence with the root ${evidence.root}`;
  return markup`<section aria-labelledby="why">
    <h2 id="why">Why</h2>
    ${
      lines.length === 0
        ? markup`<p>Every check passed.</p>`
        : markup`<ul>
            ${lines.map((line) => markup`<li>${line}</li>`)}
          </ul>`
    }
    <p class="small">
      Judged${from} ${new Date(at_ms).toISOString()} in ${durationText(duration_ms)}. ${plain(canaryText(canary))}
      ${witnessText(witness)}
    </p>
  </section>`;
}

/** The Markdown report marks these words as strong. */
const plain = (text: string): string => text.replaceAll("**", "");

function notProvedPart({ verdict, premises }: RunView): Markup {
  const lines = verdict.value?.not_proved ?? [`Nothing is proved: ${verdict.missing}.`];
  const open = (premises.value ?? []).filter(
    (premise) => premise.verdict === "unknown" || premise.verdict === "not-proved",
  );
  return markup`<section aria-labelledby="not-proved">
    <h2 id="not-proved">Not proved</h2>
    <ul>
      ${lines.map((line) => markup`<li>${line}</li>`)}
    </ul>
    ${open.length === 0 ? "" : markup`<p class="small">Of the <a href="#premises">premises</a>, ${open.length} do not hold or are unknown.</p>`}
  </section>`;
}

function worst(measures: readonly Measure[]): string {
  const longest = longestOf(measures.filter(isKnown));
  return longest === undefined ? "unknown" : measureText(longest);
}

function keyFigures(run: RunView): Markup {
  const counts = run.verdict.value?.counts;
  const bitten = run.faults.filter(({ effective }) => effective === true);
  const figures: [string, string][] = [
    ["acknowledged events", countText(counts?.acknowledged ?? run.production.value?.acknowledged)],
    [
      "rows in PostgreSQL",
      counts === undefined ? "unknown" : `${countText(counts.actual_rows)} of ${countText(counts.expected_rows)}`,
    ],
    ["faults with effect", `${bitten.length} of ${run.faults.length}`],
    ["longest without an acknowledgement", worst(bitten.map(({ ackGap }) => ackGap.measure))],
    ["longest without rows", worst(bitten.map(({ sinkGap }) => sinkGap.measure))],
    ["slowest visible again", worst(bitten.map(({ visibleAgain }) => visibleAgain))],
  ];
  return markup`<dl class="key">
    ${figures.map(
      ([name, value]) =>
        markup`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export function anomalyPart({ anomalies }: RunView): Markup {
  if (anomalies.value === undefined) return markup`<p>Unknown: ${anomalies.missing}.</p>`;
  if (anomalies.value.length === 0) return markup`<p>None.</p>`;
  return table(
    "What was found, and between which two parts of the pipeline",
    ["anomaly", "count", "makes the run", "between", "where", "detail", "definition"],
    anomalies.value.map((anomaly) => [
      anomaly.kind,
      countText(anomaly.count),
      anomaly.effect ?? "(no worse)",
      hopText(anomaly),
      rangesOf(anomaly),
      anomaly.detail,
      anomaly.definition,
    ]),
  );
}

export function sloPart({ verdict }: RunView): Markup {
  if (verdict.value === undefined) return markup`<p>Unknown: ${verdict.missing}.</p>`;
  if (verdict.value.slo.length === 0) return markup`<p>The run had no bounds to keep.</p>`;
  return table(
    "Bounds and the worst that was measured",
    ["bound", "limit", "worst", "result", "where"],
    verdict.value.slo.map(({ bound, limit, worst, is_exceeded, fault }) => [
      bound,
      countText(limit),
      countText(worst),
      worst === null ? "unknown" : is_exceeded ? markup`<strong class="bad">exceeded</strong>` : "kept",
      fault,
    ]),
  );
}

export function premisePart({ premises }: RunView): Markup {
  if (premises.value === undefined) return markup`<p>Unknown: ${premises.missing}.</p>`;
  const of = (...verdicts: Premise["verdict"][]) => premises.value.filter(({ verdict }) => verdicts.includes(verdict));
  const [open, hold, recorded] = [of("unknown", "not-proved"), of("holds"), of("recorded")];
  const folded = (title: string, list: readonly Premise[]) =>
    list.length === 0
      ? ""
      : markup`<details>
          <summary>${list.length} ${title}</summary>
          ${premiseTable(title, list)}
        </details>`;
  return markup`${open.length === 0 ? markup`<p>No premise is unknown or unproved.</p>` : premiseTable("Unknown or not proved", open)}
  ${folded("premises hold", hold)} ${folded("settings recorded", recorded)}`;
}

function premiseTable(title: string, premises: readonly Premise[]): Markup {
  const rows = premises.map(({ name, value, verdict, why }) => [name, value, verdict.replace("-", " "), why]);
  return table(title, ["premise", "value", "verdict", "why it matters"], rows);
}

/** "nothing was lost." → "Nothing was lost." */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
