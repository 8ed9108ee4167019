import type { Stack } from "../../../contract/stack.ts";
import { kafkaJars } from "../../kafka/jars.ts";
import { ensureRunFile, type NewRun } from "../../run-directory.ts";
import type { OnProgress } from "../../runtime.ts";
import { bootstrapServers, kafkaName } from "../nodes/kafka.ts";
import { postgresAddress } from "../nodes/postgres.ts";
import { type SparkHome, sparkHome, sparkMasterUrl } from "../nodes/spark.ts";
import type { Settings } from "../state/settings.ts";
import { ensureSupervisor } from "../supervisor/supervisor-process.ts";
import { writeStack } from "./stack-file.ts";
import { awaitMonitor, startDrivers, startKafka, startMonitor, startPostgres, startSpark } from "./start-nodes.ts";
import { componentVersions } from "./versions.ts";
import type { Context } from "./want-up.ts";

export type BringUpOptions = {
  /** false: leave the drivers out (to measure the sink's peers on the same stack). */
  driver?: boolean;
  /** false: leave Spark's master and workers out (for a job that brings its own Spark). */
  sparkCluster?: boolean;
  /** false: leave the monitor out (a benchmark measures without it). */
  monitor?: boolean;
  /** Instead of what spark-app builds. */
  spark?: SparkHome;
  onProgress?: OnProgress;
  signal?: AbortSignal;
};

/** Prepares and starts every node, and waits until each answers. */
export async function bringUp(context: Context, options: BringUpOptions): Promise<Stack> {
  const { stateDirectory, settings, say } = context;
  const spark = options.spark ?? sparkHome();
  say("Kafka's jars");
  const jars = await kafkaJars({
    coordination: settings.coordination,
    onProgress: (step) => say(`Kafka: ${step}`),
    signal: options.signal,
  });
  await ensureSupervisor(stateDirectory);
  // The first error ends all the others' waiting, so that nothing goes on behind the caller's back.
  const failed = new AbortController();
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal]);
  const parts = [startKafka(context, jars, signal), startPostgres(context, signal)];
  if (options.sparkCluster !== false) parts.push(startSpark(context, spark, signal));
  try {
    await Promise.all(parts);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(parts);
    throw error;
  }
  const stack = describe(context);
  const logOf = (name: string): string => context.files.readSpec(name)?.log ?? "";
  ensureRunFile(
    settings.run_directory,
    newRun(settings),
    await componentVersions(stack.postgres, logOf(kafkaName(1)), logOf("spark-master")),
  );
  if (options.monitor !== false) startMonitor(context);
  if (options.driver !== false) await startDrivers(context, spark, options.signal);
  if (options.monitor !== false) await awaitMonitor(context, options.signal);
  writeStack(stateDirectory, stack);
  say("ready");
  return stack;
}

function describe({ settings, stateDirectory }: Context): Stack {
  return {
    version: 1,
    runtime: "local",
    run_directory: settings.run_directory,
    bootstrap_servers: bootstrapServers(settings),
    postgres: postgresAddress(settings, stateDirectory),
    spark_master: sparkMasterUrl(settings),
    trigger: settings.trigger,
    created_ms: settings.created_ms,
  };
}

function newRun(settings: Settings): NewRun {
  const {
    run_id: id,
    run,
    seed,
    malformed_ppm,
    pipeline,
    pipeline_sha256,
    trigger,
    coordination,
    created_ms,
  } = settings;
  return {
    id,
    run,
    seed,
    malformed_ppm,
    pipeline,
    pipeline_sha256,
    runtime: "local",
    trigger,
    coordination,
    created_ms,
  };
}
