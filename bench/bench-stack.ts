import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parsePipeline, type Pipeline } from "../contract/pipeline.ts";
import type { Stack } from "../contract/stack.ts";
import { down, up } from "../platform/local/stack.ts";
import type { Bench } from "./options.ts";

export type BenchStack = { bench: Bench; stack: Stack; pipeline: Pipeline; /** For files of this benchmark; removed with the stack. */ workDir: string };

/**
 * Brokers and PostgreSQL of its own, without data, for as long as the work runs; then nothing is left of them. What a benchmark left behind that was
 * killed (SIGKILL) is removed first.
 */
export async function withBenchStack<T>(bench: Bench, work: (bench: BenchStack) => Promise<T>): Promise<T> {
  const runsDir = join(bench.stateDir, "runs");
  const workDir = join(bench.stateDir, "work");
  const clear = async (): Promise<void> => {
    await down({ stateDir: bench.stateDir, volumes: true });
    for (const directory of [runsDir, workDir]) rmSync(directory, { recursive: true, force: true });
  };
  const pipeline = parsePipeline(readFileSync(bench.pipelineFile, "utf8"), bench.pipelineFile);
  await clear();
  try {
    bench.say("starting 3 brokers and PostgreSQL");
    const stack = await up({ stateDir: bench.stateDir, runsDir, pipelineFile: bench.pipelineFile, driver: false, sparkCluster: false, signal: bench.signal });
    return await work({ bench, stack, pipeline, workDir });
  } finally {
    bench.say("stopping everything");
    await clear();
  }
}
