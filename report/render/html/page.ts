import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { renderTimelineHead } from "../../page/bundle.ts";
import { thin } from "../../timeline/thin.ts";
import type { RunView } from "../../view/run-view.ts";
import { faultPart } from "./fault-parts.ts";
import { markup, jsonMarkup, Markup } from "./markup.ts";
import { figurePart, lastRunsPart, repeatPart, whatWasRunPart } from "./run-parts.ts";
import { timelineSvg } from "./timeline-svg.ts";
import { anomalyPart, premisePart, sloPart, verdictHeader } from "./verdict-parts.ts";

const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");

/**
 * How much of a long run the page has: faults with their evidence and with a table of their phases (about 1 kB each), and points of the time line. The
 * first that fits is taken; the last one suffices for about 300 faults.
 */
type Detail = { evidence: number; phaseTables: number; points?: number };
const DETAILS: readonly Detail[] = [
  { evidence: 300, phaseTables: 150 },
  { evidence: 300, phaseTables: 40 },
  { evidence: 150, phaseTables: 40, points: 1_000 },
  { evidence: 50, phaseTables: 30, points: 500 },
];
/** A report is sent by mail and opened on a phone. */
const MAX_BYTES = 590_000;

/**
 * The report of a run as one HTML file that asks for nothing from outside: its policy forbids that. Text of the run is escaped. Without scripts, and on
 * paper, the time line is a picture.
 */
export async function renderPage(run: RunView): Promise<string> {
  const parts = await ownParts();
  let page = "";
  for (const detail of DETAILS) {
    page = pageOf(run, parts, detail);
    if (Buffer.byteLength(page) <= MAX_BYTES) break;
  }
  return page;
}

type OwnParts = { style: Inlined; script: Inlined; policy: string };

async function ownParts(): Promise<OwnParts> {
  const [head, ownCss, ownJs] = await Promise.all([renderTimelineHead(), read("page.css"), read("page-client.js")]);
  const style = inlined("style", `${head.css}\n${ownCss}`);
  const script = inlined("script", `${head.js}\n${ownJs}`);
  const policy = `default-src 'none'; style-src '${style.hash}'; script-src '${script.hash}'; base-uri 'none'; form-action 'none'`;
  return { style, script, policy };
}

function pageOf(run: RunView, { style, script, policy }: OwnParts, { evidence, phaseTables, points }: Detail): string {
  const timeline = points === undefined ? run.timeline : { ...run.timeline, ...thin(run.timeline, { points }) };
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${run.verdict.value?.verdict ?? "No verdict"}: ${run.id}</title>
        ${style.element}
      </head>
      <body>
        <a class="skip" href="#faults">Skip to the faults</a>
        ${verdictHeader(run)}
        <main>
          ${part(
            "time-line",
            "Time line",
            markup`<div id="timeline" hidden="hidden"></div>
              ${timelineSvg(run)}`,
          )}
          ${part("faults", "Faults", faultPart(run, { evidence, phaseTables }))} ${part("anomalies", "Anomalies", anomalyPart(run))}
          ${part("slo", "Service levels", sloPart(run))} ${part("figures", "Throughput and latency", figurePart(run))}
          ${part("last-runs", "Last runs", lastRunsPart(run))} ${part("premises", "Premises", premisePart(run))}
          ${part("what-was-run", "What was run", whatWasRunPart(run))} ${part("repeat", "Repeat it", repeatPart(run))}
        </main>
        <script type="application/json" id="timeline-data">
          ${jsonMarkup(JSON.parse(JSON.stringify(timeline, shortNumber)))}
        </script>
        ${script.element}
      </body>
    </html> `;
  return page.text;
}

/** A fraction is a rate or a latency that is drawn: four digits are more than a pixel. */
function shortNumber(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

function part(id: string, title: string, content: Markup): Markup {
  return markup`<section class="part" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section>`;
}

type Inlined = { element: Markup; hash: string };

/** An element with this text and nothing else, and its name in the policy: a hash of every byte between the tags, as UTF-8. */
function inlined(name: "style" | "script", text: string): Inlined {
  const hash = createHash("sha256").update(text, "utf8").digest("base64");
  return { element: new Markup(`<${name}>${text}</${name}>`), hash: `sha256-${hash}` };
}
