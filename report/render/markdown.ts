import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { RUN_FILES } from "../../contract/run.ts";
import { anomalySection, countsSection, notProvedSection, premiseSection, verdictSection } from "./markdown-verdict.ts";
import { faultSection, figureSection, lagSection, replaySection, runSection } from "./markdown-run.ts";
import { measureRun } from "../measure/measured-run.ts";

/**
 * The report of a run as Markdown. Every number is computed now, from the run directory's files. A figure that they don't have is "unknown".
 * @throws FaultlineError FL_RUN_MISSING when there is no such directory.
 */
export async function renderReport(runDirectory: string): Promise<string> {
  const run = await measureRun(runDirectory);
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

/** Writes the report to `report.md` in the run directory, atomically. @returns its path. */
export async function writeReport(runDirectory: string): Promise<string> {
  const path = join(runDirectory, RUN_FILES.report);
  await writeFileAtomic(path, await renderReport(runDirectory), { fsync: true });
  return path;
}
