import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { parseRun, RUN_FILES } from "../../contract/run.ts";
import type { Stack } from "../../contract/stack.ts";
import { composeEnvironment } from "./environment.ts";

/**
 * The stack as its containers see it: the addresses are those of their network. Undefined before the producer has made the run.
 * @throws FaultlineError FL_CONFIG_INVALID
 */
export function findStack(variables: Record<string, string | undefined>): Stack | undefined {
  const { brokers, postgres, runsDirectory } = composeEnvironment(variables);
  const link = join(runsDirectory, "current");
  if (!existsSync(join(link, RUN_FILES.run))) return undefined;
  const runDirectory = realpathSync(link);
  const runFile = join(runDirectory, RUN_FILES.run);
  const run = parseRun(readFileSync(runFile, "utf8"), runFile);
  return {
    version: 1,
    runtime: "compose",
    run_directory: runDirectory,
    bootstrap_servers: brokers,
    postgres,
    spark_master: "spark://spark-master:7077,spark-master-2:7077",
    trigger: run.trigger,
    created_ms: run.created_ms,
  };
}
