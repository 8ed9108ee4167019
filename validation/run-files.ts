import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import type { LedgerOpen } from "../contract/ledger.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import { parsePipeline } from "../contract/pipeline.ts";
import { RUN_FILES } from "../contract/run.ts";
import { readLedgerOpen } from "./read/ledger-file.ts";

export type RunFiles = { ledger: string; journal: string | undefined; pipeline: string };
export type LoadedRun = { files: RunFiles; open: LedgerOpen; pipeline: Pipeline };

/** Where a run's files are: those that are named, else those of the run directory. @throws FaultlineError FL_RUN_MISSING */
export function runFiles(named: { runDirectory?: string; ledgerFile?: string; journalFile?: string; pipeline?: string }): RunFiles {
  const inRun = (file: string) => (named.runDirectory === undefined ? undefined : join(named.runDirectory, file));
  const ledger = named.ledgerFile ?? inRun(RUN_FILES.ledger);
  const pipeline = named.pipeline ?? inRun(RUN_FILES.pipeline);
  if (ledger === undefined)
    throw new FaultlineError("FL_RUN_MISSING", "no run to validate", {
      remedy: "run `./faultline demo` first, or give --run DIR, or --producer-log-path and --pipeline",
    });
  if (pipeline === undefined)
    throw new FaultlineError("FL_RUN_MISSING", `the ledger ${ledger} is named, but no pipeline file`, {
      remedy: "give the run's pipeline file with --pipeline",
    });
  return { ledger, journal: named.journalFile ?? inRun(RUN_FILES.journal), pipeline };
}

/**
 * Reads what says how to recompute the run's events.
 * @throws FaultlineError FL_RUN_MISSING, FL_LEDGER_DAMAGED, FL_PIPELINE_INVALID (also when the pipeline file is not the run's)
 */
export async function loadRun(files: RunFiles): Promise<LoadedRun> {
  const open = await readLedgerOpen(files.ledger);
  const text = await readFile(files.pipeline).catch((error: Error) => {
    throw new FaultlineError("FL_RUN_MISSING", `no pipeline file at ${files.pipeline}`, {
      remedy: "give the run's pipeline file with --pipeline",
      cause: error,
    });
  });
  const pipeline = parsePipeline(text.toString("utf8"), files.pipeline);
  const sha256 = createHash("sha256").update(text).digest("hex");
  if (sha256 !== open.pipeline_sha256 || pipeline.partitions !== open.partitions)
    throw new FaultlineError(
      "FL_PIPELINE_INVALID",
      `${files.pipeline} is not the pipeline of this run: its SHA-256 is ${sha256}, the ledger says ${open.pipeline_sha256}`,
      { remedy: "give the pipeline file that the run began with; a run directory keeps a copy of it as pipeline.yaml" },
    );
  return { files, open, pipeline };
}
