import type { Stack } from "../../../contract/stack.ts";
import { kafkaJars } from "../../kafka/jars.ts";
import { ensureRunFile, type NewRun } from "../../run-directory.ts";
import type { OnProgress } from "../../runtime.ts";
import { bootstrapServers, kafkaName } from "../nodes/kafka.ts";
import { postgresAddress } from "../nodes/postgres.ts";
import { type SparkHome, sparkHome, sparkMasterUrl } from "../nodes/spark.ts";
import type { Settings } from "../state/settings.ts";
import { ignoredArchives } from "../supervisor/ignored-archive.ts";
import { ensureSupervisor } from "../supervisor/supervisor-process.ts";
import { writeStack } from "./stack-file.ts";
import {
  awaitMonitor,
  startDrivers,
  startKafka,
  startMonitor,
  startPostgres,
  startSparkMaster,
  startSparkWorkers,
} from "./start-nodes.ts";
import { componentVersions } from "./versions.ts";
import type { Context } from "./want-up.ts";

export type BringUpOptions = {
  /** false: leave the drivers out (to measure the sink's peers on the same stack). */
  driver?: boolean;
  /** false: leave Spark's master and workers out (for a job that brings its own Spark). */
  sparkCluster?: boolean;
  /** false: leave the monitor out (a benchmark measures without it). */
  monitor?: boolean;
  /** false: no class archives (to measure what they save). */
  archives?: boolean;
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
  const stack = describe(context);
  const archives = options.archives !== false;
  const nodes: Promise<unknown>[] = [startKafka(context, jars, archives, signal)];
  const postgres = startPostgres(context, signal);
  nodes.push(postgres);
  const parts: Promise<unknown>[] = [];
  if (options.sparkCluster !== false) {
    const master = startSparkMaster(context, spark, archives, signal);
    nodes.push(master.then(async (ready) => startSparkWorkers(context, ready, signal)));
    // The driver needs the schema. For Kafka it can wait by itself: its JVM and its context take seconds before it asks.
    if (options.driver !== false)
      parts.push(Promise.all([master, postgres]).then(async ([ready]) => startDrivers(context, ready, signal)));
  }
  parts.push(...nodes, beginRun(context, stack, nodes, options.monitor !== false));
  try {
    await Promise.all(parts);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(parts);
    throw error;
  }
  if (options.monitor !== false) await awaitMonitor(context, options.signal);
  for (const line of ignoredArchives(context.files)) say(line);
  writeStack(stateDirectory, stack);
  say("ready");
  return stack;
}

/** run.json says which versions run, so it is written when all nodes have said theirs; the monitor waits for it. */
async function beginRun(context: Context, stack: Stack, nodes: Promise<unknown>[], monitor: boolean): Promise<void> {
  await Promise.all(nodes);
  const logOf = (name: string): string => context.files.readSpec(name)?.log ?? "";
  const versions = await componentVersions(stack.postgres, logOf(kafkaName(1)), logOf("spark-master"));
  ensureRunFile(context.settings.run_directory, newRun(context.settings), versions);
  if (monitor) startMonitor(context);
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
