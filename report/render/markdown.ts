import { anomalySection, countsSection, notProvedSection, premiseSection, verdictSection } from "./markdown-verdict.ts";
import { faultSection, figureSection, lagSection, replaySection, runSection } from "./markdown-run.ts";
import type { RunView } from "../view/run-view.ts";

/** The report of a run as Markdown (pure). A figure that the evidence does not have is "unknown". */
export function renderMarkdown(run: RunView): string {
  const sections = [
    `# Run ${run.id}`,
    verdictSection(run),
    runSection(run),
    countsSection(run),
    anomalySection(run),
    faultSection(run),
    figureSection(run),
    lagSection(run),
    notProvedSection(run),
    premiseSection(run),
    replaySection(run),
  ];
  return `${sections.join("\n\n")}\n`;
}
