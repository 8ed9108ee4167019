import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { parsePipeline, type Pipeline } from "../contract/pipeline.ts";
import { RUN_FILES, runSchema, type Run } from "../contract/run.ts";

/** @throws FaultlineError FL_RUN_MISSING (no run there), FL_CONFIG_INVALID (run.json), FL_PIPELINE_INVALID. */
export async function readRunDirectory(directory: string): Promise<{ run: Run; pipeline: Pipeline }> {
  const runFile = join(directory, RUN_FILES.run);
  const pipelineFile = join(directory, RUN_FILES.pipeline);
  const [runText, pipelineBytes] = await Promise.all([readRunFile(runFile), readRunFile(pipelineFile)]);
  const run = parseRun(runText.toString(), runFile);
  const sha256 = createHash("sha256").update(pipelineBytes).digest("hex");
  if (sha256 !== run.pipelineSha256)
    throw new FaultlineError("FL_PIPELINE_INVALID", `${pipelineFile}: its SHA-256 is ${sha256}, run.json says ${run.pipelineSha256}`, {
      remedy: "a run keeps the pipeline that it began with: restore the file, or start a new run",
    });
  return { run, pipeline: parsePipeline(pipelineBytes.toString(), pipelineFile) };
}

async function readRunFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new FaultlineError("FL_RUN_MISSING", `can't read ${path}: ${(error as Error).message}`, {
      remedy: "give a run directory that `faultline up` made",
      cause: error,
    });
  }
}

function parseRun(text: string, path: string): Run {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FaultlineError("FL_CONFIG_INVALID", `${path}: ${(error as Error).message}`, { remedy: "start a new run", cause: error });
  }
  const result = runSchema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${path}: ${issue.path.join(".")}: ${issue.message}`);
  throw new FaultlineError("FL_CONFIG_INVALID", problems.join("\n"), { remedy: "start a new run" });
}
