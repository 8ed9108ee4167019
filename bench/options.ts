import { join, resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import type { Pipeline } from "../contract/pipeline.ts";
import { readPipelineFile } from "../platform/run-directory.ts";

/** What both benchmarks take. */
export type BenchOptions = {
  /** The checkout. */
  root: string;
  /** Default: pipelines/payments.yaml. */
  pipelineFile?: string;
  /** One line at a time, for a person. */
  onProgress?: (line: string) => void;
  /** Ends the benchmark: all is stopped and removed, then FL_INTERRUPTED is thrown. */
  signal?: AbortSignal;
};

/** Resolved options that every step shares. */
export type Bench = {
  root: string;
  pipelineFile: string;
  pipeline: Pipeline;
  /** The benchmark's own stack, never the user's. */
  stateDir: string;
  say: (line: string) => void;
  signal: AbortSignal;
};

/** Slots of the one JVM that runs a job: a task per partition and two to spare, as the job itself chooses. */
export const JOB_SLOTS = 8;
export const JOB_HEAP = "2g";

/** @throws FaultlineError FL_PIPELINE_INVALID */
export function resolveBench(options: BenchOptions): Bench {
  const pipelineFile = resolve(options.pipelineFile ?? join(options.root, "pipelines/payments.yaml"));
  return {
    root: options.root,
    pipelineFile,
    pipeline: readPipelineFile(pipelineFile).pipeline,
    stateDir: join(options.root, ".faultline/bench"),
    say: options.onProgress ?? (() => {}),
    signal: options.signal ?? new AbortController().signal,
  };
}

/** @throws FaultlineError FL_INTERRUPTED */
export function checkInterrupted({ signal }: Pick<Bench, "signal">): void {
  if (signal.aborted) throw new FaultlineError("FL_INTERRUPTED", "the benchmark was interrupted; no result was saved");
}

/** @throws FaultlineError FL_USAGE naming what is not among the known. */
export function chooseOnly<T extends string>(known: readonly T[], only: readonly string[] | undefined): T[] {
  const unknown = (only ?? []).filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new FaultlineError("FL_USAGE", `no variant "${unknown.join('", "')}"`, {
      remedy: `variants: ${known.join(", ")}`,
    });
  return known.filter((name) => only === undefined || only.length === 0 || only.includes(name));
}

/** @throws FaultlineError FL_USAGE */
export function wholeNumber(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least)
    throw new FaultlineError("FL_USAGE", `${name} must be a whole number of at least ${least}, not ${value}`);
  return value;
}
