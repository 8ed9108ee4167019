import type { OnProgress } from "../../runtime.ts";
import { javaCommand } from "../state/layout.ts";
import { classArchive } from "./class-archive.ts";
import { runTool } from "./run-tool.ts";
import { type SparkHome, sparkEnvironment, sparkJvm } from "./spark.ts";

const TRAINING_TIMEOUT_MS = 240_000;

/**
 * Spark with its class archive: one for master, workers, driver and executors, made by ClassTraining (spark-app/job), which loads in one JVM what each of
 * them loads. Without an archive if it can't be made.
 */
export async function withSparkArchive(
  spark: SparkHome,
  stateDirectory: string,
  say: OnProgress,
  signal?: AbortSignal,
): Promise<SparkHome> {
  const archive = await classArchive({
    title: "Spark",
    place: spark.home,
    jars: `${spark.home}/jars`,
    stateDirectory,
    train: async (directory, file) => {
      await runTool({
        title: "spark-training",
        command: javaCommand(),
        args: [`-XX:ArchiveClassesAtExit=${file}`, ...sparkJvm(spark, "512m", directory, {})].concat(
          "dev.faultline.job.ClassTraining",
          directory,
        ),
        env: sparkEnvironment(spark),
        cwd: directory,
        stateDirectory,
        timeoutMs: TRAINING_TIMEOUT_MS,
        signal,
      });
    },
    say,
    signal,
  });
  return archive === undefined ? spark : { ...spark, archive };
}
