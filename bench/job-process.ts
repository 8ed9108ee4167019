import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { hostVariables } from "../contract/postgres-hosts.ts";
import { RUN_FILES } from "../contract/run.ts";
import type { Trigger } from "../contract/stack.ts";
import { javaCommand } from "../platform/local/state/layout.ts";
import { sparkEnvironment, sparkHome } from "../platform/local/nodes/spark.ts";
import type { BenchStack } from "./bench-stack.ts";
import { BenchProcess } from "./child-process.ts";
import { JOB_HEAP, JOB_SLOTS } from "./options.ts";
import { CHUNK_ROWS } from "./sink-variants.ts";
import { loginOf } from "../platform/protocol/postgres-client.ts";

export type SinkJobOptions = {
  trigger: Trigger;
  aggregates: boolean;
  /** Default true. */ synchronousCommit?: boolean;
  /** Most records of one micro-batch; undefined: all there are. */ batchOffsets?: number;
};

/** This project's job, in one JVM with its driver and all slots. */
export function startSinkJob(target: BenchStack, options: SinkJobOptions): BenchProcess {
  const args = ["--trigger", options.trigger, "--chunk-rows", `${CHUNK_ROWS}`];
  if (options.trigger === "micro-batch" && options.batchOffsets !== undefined)
    args.push("--max-offsets-per-batch", `${options.batchOffsets}`);
  if (!options.aggregates) args.push("--no-aggregates");
  if (options.synchronousCommit === false) args.push("--no-synchronous-commit");
  return startJvm(target, "dev.faultline.job.PipelineJob", args);
}

export type BatchLine = { batch: number; rows: number; inserted: number; at_ms: number };

/** What people write (see StagingJob.java), in a JVM like the other's. */
export function startStagingJob(
  target: BenchStack,
  options: { rewrite: boolean; batchOffsets: number; untilRows: number; onBatch: (line: BatchLine) => void },
): BenchProcess {
  const args = [
    "--max-offsets-per-batch",
    `${options.batchOffsets}`,
    "--jdbc-batch-rows",
    `${CHUNK_ROWS}`,
    "--until-rows",
    `${options.untilRows}`,
  ];
  if (options.rewrite) args.push("--rewrite-batched-inserts");
  return startJvm(target, "dev.faultline.bench.StagingJob", args, (line) => {
    if (line.startsWith("{")) options.onBatch(JSON.parse(line) as BatchLine);
  });
}

function startJvm(
  target: BenchStack,
  mainClass: string,
  args: string[],
  onLine?: (line: string) => void,
): BenchProcess {
  const { bench, stack, workDir } = target;
  const spark = sparkHome();
  const { home, jvmOptionsFile } = spark;
  const peer = join(bench.root, "spark-app/bench/target/faultline-bench.jar");
  if (!existsSync(peer))
    throw new FaultlineError("FL_PREREQUISITE", `${peer} is missing`, {
      remedy: "mvn -B -q -DskipTests -f spark-app/pom.xml package",
    });
  const directory = join(workDir, "job");
  rmSync(directory, { recursive: true, force: true });
  const properties = {
    "spark.master": `local[${JOB_SLOTS}]`,
    "spark.app.name": "faultline-bench",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.local.dir": join(directory, "local"),
    // One that is killed does not clean up what it unpacked.
    "java.io.tmpdir": directory,
  };
  const { database, user } = stack.postgres;
  return new BenchProcess({
    name: mainClass.slice(mainClass.lastIndexOf(".") + 1),
    command: javaCommand(),
    args: [
      `@${jvmOptionsFile}`,
      `-Xms${JOB_HEAP}`,
      `-Xmx${JOB_HEAP}`,
      "-XX:+UseSerialGC",
      "-XX:+ExitOnOutOfMemoryError",
    ].concat(
      Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      ["-cp", `${home}/jars/*:${peer}`, mainClass, "--pipeline", join(stack.run_directory, RUN_FILES.pipeline)],
      ["--brokers", stack.bootstrap_servers.join(","), "--checkpoint", join(directory, "checkpoint")],
      args,
    ),
    env: {
      ...sparkEnvironment(spark),
      ...hostVariables(stack.postgres),
      POSTGRES_DB: database,
      POSTGRES_USER: user,
      POSTGRES_PASSWORD: loginOf(stack.postgres).password,
    },
    cwd: directory,
    log: join(workDir, "job.log"),
    stateDir: bench.stateDir,
    ...(onLine === undefined ? {} : { onLine }),
  });
}
