import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { parsePipeline, type Pipeline } from "../contract/pipeline.ts";
import { parseRun, RUN_FILES, type Run } from "../contract/run.ts";

/** Reads the run and its pipeline. @throws FaultlineError FL_RUN_MISSING (there is no run), FL_CONFIG_INVALID (run.json), FL_PIPELINE_INVALID. */
export async function readRunDirectory(directory: string): Promise<{ run: Run; pipeline: Pipeline }> {
  const runFile = join(directory, RUN_FILES.run);
  const pipelineFile = join(directory, RUN_FILES.pipeline);
  const [runText, pipelineBytes] = await Promise.all([readRunFile(runFile), readRunFile(pipelineFile)]);
  const run = parseRun(runText.toString(), runFile);
  const sha256 = createHash("sha256").update(pipelineBytes).digest("hex");
  if (sha256 !== run.pipeline_sha256)
    throw new FaultlineError(
      "FL_PIPELINE_INVALID",
      `${pipelineFile}: its SHA-256 is ${sha256}, but run.json has ${run.pipeline_sha256}`,
      {
        remedy: "a run keeps the pipeline that it began with: restore that file, or start a new run",
      },
    );
  return { run, pipeline: parsePipeline(pipelineBytes.toString(), pipelineFile) };
}

async function readRunFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new FaultlineError("FL_RUN_MISSING", `can't read ${path}: ${(error as Error).message}`, {
      remedy: "name a run directory that `./faultline up` made",
      cause: error,
    });
  }
}
