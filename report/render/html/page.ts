import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { renderTimelineHead } from "../../page/bundle.ts";
import type { RunView } from "../../view/run-view.ts";
import { faultPart } from "./fault-parts.ts";
import { markup, jsonMarkup, Markup } from "./markup.ts";
import { figurePart, lastRunsPart, repeatPart, whatWasRunPart } from "./run-parts.ts";
import { timelineSvg } from "./timeline-svg.ts";
import { anomalyPart, premisePart, sloPart, verdictHeader } from "./verdict-parts.ts";

const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");

/**
 * The report of a run as one HTML file that asks for nothing from outside: its policy forbids that. Text of the run is escaped. Without scripts, and on
 * paper, the time line is a picture.
 */
export async function renderPage(run: RunView): Promise<string> {
  const [head, ownCss, ownJs] = await Promise.all([renderTimelineHead(), read("page.css"), read("page-client.js")]);
  const style = inlined("style", `${head.css}\n${ownCss}`);
  const script = inlined("script", `${head.js}\n${ownJs}`);
  const policy = `default-src 'none'; style-src '${style.hash}'; script-src '${script.hash}'; base-uri 'none'; form-action 'none'`;
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
          ${part("faults", "Faults", faultPart(run))} ${part("anomalies", "Anomalies", anomalyPart(run))}
          ${part("slo", "Service levels", sloPart(run))} ${part("figures", "Throughput and latency", figurePart(run))}
          ${part("last-runs", "Last runs", lastRunsPart(run))} ${part("premises", "Premises", premisePart(run))}
          ${part("what-was-run", "What was run", whatWasRunPart(run))} ${part("repeat", "Repeat it", repeatPart(run))}
        </main>
        <script type="application/json" id="timeline-data">
          ${jsonMarkup(run.timeline)}
        </script>
        ${script.element}
      </body>
    </html> `;
  return page.text;
}

function part(id: string, title: string, content: Markup): Markup {
  return markup`<section class="part" aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section>`;
}

/** An element with this text and nothing else, and its name in the policy: a hash of every byte between the tags, as UTF-8. */
function inlined(name: "style" | "script", text: string): { element: Markup; hash: string } {
  const hash = createHash("sha256").update(text, "utf8").digest("base64");
  return { element: new Markup(`<${name}>${text}</${name}>`), hash: `sha256-${hash}` };
}
