import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaultlineError } from "../contract/errors.ts";
import { parsePipeline, type Pipeline } from "../contract/pipeline.ts";
import { type Run, RUN_FILES } from "../contract/run.ts";

/** What a run is from its first moment on: `run.json` without what its components say of themselves. */
export type NewRun = Omit<Run, "version" | "versions">;

export type PipelineFile = { file: string; text: string; sha256: string; pipeline: Pipeline };

/** @throws FaultlineError FL_PIPELINE_INVALID, also when the file can't be read. */
export function readPipelineFile(file: string): PipelineFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new FaultlineError(
      "FL_PIPELINE_INVALID",
      `${file}: can't be read (${(error as NodeJS.ErrnoException).code})`,
      { remedy: "name a pipeline file, such as pipelines/payments.yaml", cause: error },
    );
  }
  return { file, text, sha256: createHash("sha256").update(text).digest("hex"), pipeline: parsePipeline(text, file) };
}

/** `20261231T235959Z-payments`; a number is added should that be there already. */
export function newRunId(runsDirectory: string, pipeline: string, nowMs: number): string {
  const time = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(/[-:]/g, "");
  const base = `${time}-${pipeline}`;
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!existsSync(join(runsDirectory, id))) return id;
  }
}

/** Makes the run directory with its copy of the pipeline file, if it is not there. */
export function ensureRunDirectory(runDirectory: string, pipelineText: string): void {
  mkdirSync(join(runDirectory, RUN_FILES.logs), { recursive: true });
  const copy = join(runDirectory, RUN_FILES.pipeline);
  if (!existsSync(copy)) writeFileAtomic.sync(copy, pipelineText);
}

/** Writes `run.json` once; later starts leave it alone. */
export function ensureRunFile(runDirectory: string, run: NewRun, versions: Record<string, string>): void {
  const file = join(runDirectory, RUN_FILES.run);
  if (existsSync(file)) return;
  const content: Run = { version: 1, ...run, versions };
  writeFileAtomic.sync(file, `${JSON.stringify(content, undefined, 2)}\n`);
}
