import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { RUN_FILES } from "../../contract/run.ts";
import { readRunView } from "../view/read-view.ts";
import type { RunView } from "../view/run-view.ts";
import { renderPage } from "./html/page.ts";
import { renderMarkdown } from "./markdown.ts";

/** The files that were written, and what they say. */
export type ReportFiles = { markdown: string; page: string; view: RunView };

/**
 * Writes the report to `report.md` and `report.html` in the run directory, each atomically. Every number is computed now, from the run directory's
 * files.
 * @throws FaultlineError FL_RUN_MISSING when there is no such directory.
 */
export async function writeReport(runDirectory: string): Promise<ReportFiles> {
  const view = await readRunView(runDirectory);
  const markdown = join(runDirectory, RUN_FILES.report);
  const page = join(runDirectory, RUN_FILES.reportPage);
  await writeFileAtomic(markdown, renderMarkdown(view), { fsync: true });
  await writeFileAtomic(page, await renderPage(view), { fsync: true });
  return { markdown, page, view };
}
