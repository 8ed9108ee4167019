import { globSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Pipeline } from "../contract/pipeline.ts";
import type { Stack } from "../contract/stack.ts";
import { down } from "../platform/local/stack/down.ts";
import { up } from "../platform/local/stack/up.ts";
import type { Bench } from "./options.ts";

export type BenchStack = {
  bench: Bench;
  stack: Stack;
  pipeline: Pipeline;
  /** For files of this benchmark; removed with the stack. */ workDir: string;
};

/** Which nodes a benchmark has beside brokers and PostgreSQL. */
export type BenchNodes = { driver: boolean; standby: boolean; sparkCluster: boolean; monitor: boolean };
const SERVERS_ONLY: BenchNodes = { driver: false, standby: false, sparkCluster: false, monitor: false };

/**
 * Brokers and PostgreSQL of its own (and more nodes, if it asks for them), without data, for as long as the work runs; then no process and no data are left of them. What a benchmark left
 * behind that was killed (SIGKILL) is removed first. After a failure the logs stay, for a person to read, until the next benchmark.
 */
export async function withBenchStack<T>(
  bench: Bench,
  work: (bench: BenchStack) => Promise<T>,
  nodes: BenchNodes = SERVERS_ONLY,
): Promise<T> {
  const { stateDir, signal, pipelineFile, pipeline } = bench;
  const runsDir = join(stateDir, "runs");
  const workDir = join(stateDir, "work");
  const removeAll = async (): Promise<void> => {
    await down({ stateDir, volumes: true });
    rmSync(stateDir, { recursive: true, force: true });
  };
  await removeAll();
  let result: T;
  try {
    bench.say(`starting 3 brokers and PostgreSQL${nodes.driver ? ", Spark and its driver" : ""}`);
    const stack = await up({ stateDir, runsDir, pipelineFile, ...nodes, signal });
    result = await work({ bench, stack, pipeline, workDir });
  } catch (error) {
    bench.say(
      signal.aborted ? "interrupted: stopping everything" : `failed: stopping everything; logs stay in ${stateDir}`,
    );
    await down({ stateDir, volumes: true });
    if (signal.aborted) await removeAll();
    else for (const file of globSync("work/*.copy", { cwd: stateDir })) rmSync(join(stateDir, file), { force: true });
    throw error;
  }
  bench.say("stopping everything");
  await removeAll();
  return result;
}
