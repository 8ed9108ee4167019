import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { type Pipeline, parsePipeline } from "../contract/pipeline.ts";

/** Reads the pipeline file that `--pipeline` names, payments when it names none. Relative paths are the caller's. */
export function readPipeline(root: string, named: string | undefined): { file: string; pipeline: Pipeline } {
  const file = named === undefined ? join(root, "pipelines", "payments.yaml") : resolve(named);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new FaultlineError("FL_PIPELINE_INVALID", `--pipeline ${named ?? file}: ${(error as Error).message}`, {
      remedy: "name a pipeline file such as pipelines/payments.yaml",
      cause: error,
    });
  }
  return { file, pipeline: parsePipeline(text, named ?? file) };
}
