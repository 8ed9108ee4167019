import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import type { LedgerOpen } from "../../contract/ledger.ts";
import type { Pipeline } from "../../contract/pipeline.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { RUN_FILES } from "../../contract/run.ts";
import { readLedgerOpen } from "./ledger-file.ts";

/** A path is undefined if no run directory is named. `run`: `run.json`; `status`: the producer's. A file need not exist. */
export type RunFiles = {
  ledger: string;
  journal: string | undefined;
  pipeline: string;
  run: string | undefined;
  samples: string | undefined;
  witness: string | undefined;
  status: string | undefined;
};
export type LoadedRun = { files: RunFiles; open: LedgerOpen; pipeline: Pipeline };

/** @returns the paths of a run's files: the named ones, else those in the run directory. @throws FaultlineError FL_RUN_MISSING */
export function runFiles(named: {
  runDirectory?: string;
  ledgerFile?: string;
  journalFile?: string;
  pipeline?: string;
}): RunFiles {
  const inRun = (file: string) => (named.runDirectory === undefined ? undefined : join(named.runDirectory, file));
  const ledger = named.ledgerFile ?? inRun(RUN_FILES.ledger);
  const pipeline = named.pipeline ?? inRun(RUN_FILES.pipeline);
  if (ledger === undefined)
    throw new FaultlineError("FL_RUN_MISSING", "there is no run to validate", {
      remedy: "run `./faultline demo` first, or give --run DIR, or --producer-log-path and --pipeline",
    });
  if (pipeline === undefined)
    throw new FaultlineError("FL_RUN_MISSING", `the ledger ${ledger} is given, but no pipeline file`, {
      remedy: "give the run's pipeline file with --pipeline",
    });
  return {
    ledger,
    journal: named.journalFile ?? inRun(RUN_FILES.journal),
    pipeline,
    run: inRun(RUN_FILES.run),
    samples: inRun(RUN_FILES.samples),
    witness: inRun(RUN_FILES.witness),
    status: inRun(RUN_FILES.producerStatus),
  };
}

/**
 * Reads the ledger's `open` line and the pipeline, which are needed to recompute the run's events.
 * @throws FaultlineError FL_RUN_MISSING, FL_LEDGER_DAMAGED, FL_PIPELINE_INVALID (also for the pipeline file of another run)
 */
export async function loadRun(files: RunFiles): Promise<LoadedRun> {
  const open = await readLedgerOpen(files.ledger);
  const text = await readFile(files.pipeline).catch((error: Error) => {
    throw new FaultlineError("FL_RUN_MISSING", `there is no pipeline file at ${files.pipeline}`, {
      remedy: "give the run's pipeline file with --pipeline",
      cause: error,
    });
  });
  const pipeline = parsePipeline(text.toString("utf8"), files.pipeline);
  const sha256 = createHash("sha256").update(text).digest("hex");
  if (sha256 !== open.pipeline_sha256 || pipeline.partitions !== open.partitions)
    throw new FaultlineError(
      "FL_PIPELINE_INVALID",
      `${files.pipeline} is not the pipeline of this run: its SHA-256 is ${sha256}, but the ledger has ${open.pipeline_sha256}`,
      { remedy: "give the pipeline file that the run began with; a run directory keeps a copy of it as pipeline.yaml" },
    );
  return { files, open, pipeline };
}
