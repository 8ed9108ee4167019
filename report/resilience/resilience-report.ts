import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestSchema } from "../../contract/digest.ts";
import { FaultlineError } from "../../contract/errors.ts";
import { parseJsonFile } from "../../contract/parse-file.ts";
import { fillFigures } from "./analysis.ts";
import { coursePlot, worstMinutePlot } from "./course-plot.ts";
import { recoveryPlot } from "./recovery-plot.ts";
import {
  integritySection,
  notProvedSection,
  phaseSection,
  recoverySection,
  runSection,
  summarySection,
  worstText,
} from "./sections.ts";
import { groupBySetting, groupFaults } from "./statistics.ts";

/** Where the digests, the texts and the plots lie, below the repository. */
export const RESILIENCE_FOLDER = "docs/resilience";
/** The report, below the repository. */
export const RESILIENCE_FILE = "RESILIENCE_REPORT.md";
const ANALYSIS = "analysis.md";
const METHOD = "method.md";

/**
 * Renders the report and its plots from the digests and texts below `root`.
 * @returns path below `root` → content. @throws FaultlineError FL_RUN_MISSING (no digest), FL_CONFIG_INVALID (a digest that can't be read), FL_USAGE
 */
export async function renderResilience(root: string): Promise<Map<string, string>> {
  const folder = join(root, RESILIENCE_FOLDER);
  const digests = await readDigests(folder);
  const groups = groupFaults(digests);
  const settings = groupBySetting(digests);
  const written = async (name: string): Promise<string> =>
    fillFigures(await readFile(join(folder, name), "utf8"), settings, `${RESILIENCE_FOLDER}/${name}`).trim();
  const files = new Map<string, string>();
  const image = (name: string, about: string, content: string | undefined): string[] => {
    if (content === undefined) return [];
    const path = `${RESILIENCE_FOLDER}/${name}.svg`;
    files.set(path, content);
    return ["", `![${about}](${path})`];
  };
  const report = [
    "# Resilience report",
    "",
    "<!-- Rendered by `./faultline resilience` from docs/resilience/. Do not edit: a test renders it again and compares. -->",
    "",
    summarySection(digests, groups),
    "",
    "## What was run",
    "",
    runSection(digests),
    "",
    await written(METHOD),
    "",
    "## Recovery times",
    "",
    "Each setting on its own: a runtime, what coordinates the brokers, and Spark's trigger.",
    "",
    ...settings.flatMap(({ name, words, groups: own }) => [
      `### ${name}`,
      "",
      recoverySection(own),
      ...image(
        `visible-again-${words.join("-")}`,
        `Time until new events are rows again, per fault; ${name}`,
        recoveryPlot(
          own,
          "visible",
          `Injection → the first event made after it is a row (n), slowest partition; ${name}`,
        ),
      ),
      ...image(
        `no-acknowledgement-${words.join("-")}`,
        `Longest time without an acknowledgement, per fault; ${name}`,
        recoveryPlot(own, "ack", `Longest time without an acknowledgement (n), worst partition; ${name}`),
      ),
      "",
      "By phase, the median:",
      "",
      phaseSection(own),
      "",
    ]),
    "## What the pipeline did meanwhile",
    "",
    "Above: events per second that Kafka acknowledged and that PostgreSQL stored. Below: the lag between them. A red band is a fault, from its injection until events that were made after it are rows.",
    ...digests.flatMap((digest) =>
      image(`${digest.run_id}-course`, `Rates and lag of ${digest.run_id}`, coursePlot(digest)),
    ),
    "",
    "### The worst minutes",
    "",
    worstText(groups),
    "The plots show the minute of each run in which the least was stored. A second that no monitor saw counts as one in which nothing was stored, so a killed monitor may decide which minute that is.",
    ...digests.flatMap((digest) =>
      image(`${digest.run_id}-worst`, `The worst minute of ${digest.run_id}`, worstMinutePlot(digest)),
    ),
    "",
    "## Integrity",
    "",
    integritySection(digests),
    "",
    "## Why each recovery takes as long as it does",
    "",
    await written(ANALYSIS),
    "",
    "## What is not proved",
    "",
    notProvedSection(digests),
    "",
  ].join("\n");
  return files.set(RESILIENCE_FILE, report);
}

/** In the order of their names, which begin with their times. */
async function readDigests(folder: string): Promise<Digest[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".json")).toSorted();
  if (names.length === 0)
    throw new FaultlineError("FL_RUN_MISSING", `${folder} has no digest of a run`, {
      remedy: `write one: ./faultline report RUN --digest ${RESILIENCE_FOLDER}/RUN.json`,
    });
  return Promise.all(
    names.map(async (name) =>
      parseJsonFile(digestSchema, await readFile(join(folder, name), "utf8"), `${RESILIENCE_FOLDER}/${name}`, {
        remedy: "write it again: ./faultline report RUN --digest FILE",
      }),
    ),
  );
}
