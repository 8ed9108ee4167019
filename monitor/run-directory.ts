import { readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { parsePipeline, type Pipeline } from "../contract/pipeline.ts";
import { parseRun, RUN_FILES } from "../contract/run.ts";
import { poll, systemClock } from "../machine/clock.ts";

const LOOK_EVERY_MS = 250;

/** The run that is watched, and its number. `directory` is no link: the link in containers may lead to another run later. */
export type WatchedRun = { directory: string; run: number; pipeline: Pipeline };

/**
 * Waits for a run's `run.json`, for as long as it takes: `up`, or the producer's container, writes it when Kafka and PostgreSQL answer.
 * @returns undefined: `stop` aborted first. @throws FaultlineError FL_RUN_MISSING (no pipeline file beside it), FL_CONFIG_INVALID,
 *   FL_PIPELINE_INVALID
 */
export async function waitForRun(path: string, stop: AbortSignal): Promise<WatchedRun | undefined> {
  const directory = await poll(systemClock, Number.POSITIVE_INFINITY, async () => placeOf(path), {
    everyMs: LOOK_EVERY_MS,
    signal: stop,
  });
  if (directory === undefined) return undefined;
  const [runFile, pipelineFile] = [join(directory, RUN_FILES.run), join(directory, RUN_FILES.pipeline)];
  const { run } = parseRun(await textOf(runFile), runFile);
  return { directory, run, pipeline: parsePipeline(await textOf(pipelineFile), pipelineFile) };
}

async function textOf(file: string): Promise<string> {
  return readFile(file, "utf8").catch((error: Error) => {
    throw new FaultlineError("FL_RUN_MISSING", `can't read ${file}: ${error.message}`, {
      remedy: "begin a run with `./faultline up`",
      cause: error,
    });
  });
}

async function placeOf(path: string): Promise<string | undefined> {
  const isThere = await stat(join(path, RUN_FILES.run)).then(
    () => true,
    () => false,
  );
  return isThere ? realpath(path) : undefined;
}
