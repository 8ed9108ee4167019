import { readFileSync } from "node:fs";
import { join } from "node:path";
import { JOB_EXIT_CODES, JOB_FATAL_EXIT_CODES } from "../../../contract/job.ts";
import { RUN_FILES } from "../../../contract/run.ts";
import { hostVariables } from "../../../contract/postgres-hosts.ts";
import type { Trigger } from "../../../contract/stack.ts";
import { driverStatusPath, javaCommand, LAYOUT, ROOT } from "../state/layout.ts";
import { bootstrapServers } from "./kafka.ts";
import { keepTheirs } from "./field-defaults.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import { postgresAddress } from "./postgres.ts";
import {
  executorArchive,
  executorSession,
  type SparkHome,
  sparkEnvironment,
  sparkJvm,
  sparkMasterUrl,
  workerName,
} from "./spark.ts";
import { type DriverName, executorSlots, type Settings, WORKER_IDS } from "../state/settings.ts";

/** What the job's fatal exit codes mean, for a person. */
const EXIT_MEANINGS: Partial<Record<number, string>> = {
  [JOB_EXIT_CODES.FENCED]: "a newer driver has claimed the table",
  [JOB_EXIT_CODES.USAGE]: "a flag is wrong",
  [JOB_EXIT_CODES.DATA_LOSS]: "records are missing in Kafka",
  [JOB_EXIT_CODES.CONFIGURATION]: "pipeline file, tables, topic or environment are wrong",
};

/** What the job asks of Spark in each runtime: spark-app/spark-defaults.conf, in the form that spark-submit reads. */
function sparkDefaults(): Record<string, string> {
  const lines = readFileSync(join(ROOT, "spark-app/spark-defaults.conf"), "utf8").split("\n");
  return Object.fromEntries(
    lines.flatMap((line) => (line.startsWith("spark") ? [line.split(/\s+(.*)/s, 2) as [string, string]] : [])),
  );
}

/** A driver that was killed leaves the processor to the take-over first: the start of a JVM takes seconds of it. */
const AFTER_TAKE_OVER_MS = 3_000;

/** A driver of the job in client mode, with an executor on both workers, so that the loss of one worker leaves enough for every partition. */
export function driverSpec(
  settings: Settings,
  stateDirectory: string,
  trigger: Trigger,
  spark: SparkHome,
  name: DriverName = "driver",
): ProcessSpec {
  const address = postgresAddress(settings, stateDirectory);
  const directory = join(stateDirectory, LAYOUT.data, name);
  const slots = executorSlots(settings, name);
  const isFirst = name === "driver";
  const properties = {
    ...(settings.field_defaults === true ? keepTheirs("spark", sparkDefaults()) : sparkDefaults()),
    ...executorArchive(spark),
    ...executorSession(),
    "spark.app.name": isFirst ? settings.pipeline : `${settings.pipeline} ${name}`,
    "spark.master": sparkMasterUrl(settings),
    "spark.submit.deployMode": "client",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.executor.cores": slots,
    "spark.cores.max": WORKER_IDS.length * slots,
    "spark.sql.shuffle.partitions": settings.partitions,
  };
  const jobArguments = {
    "--pipeline": join(settings.run_directory, RUN_FILES.pipeline),
    "--brokers": bootstrapServers(settings).join(","),
    "--topic": settings.topic,
    "--trigger": trigger,
    "--checkpoint": join(stateDirectory, isFirst ? LAYOUT.checkpoint : `${LAYOUT.checkpoint}-${name}`, trigger),
    "--status-file": driverStatusPath(stateDirectory, name),
  };
  return {
    name,
    kind: "driver",
    command: javaCommand(),
    args: [
      ...sparkJvm(spark, "1g", directory, properties),
      "dev.faultline.job.PipelineJob",
      ...Object.entries(jobArguments).flat(),
      ...(settings.standby
        ? ["--standby", "--driver-name", name, "--home-workers", workerName(isFirst ? WORKER_IDS[0] : WORKER_IDS[1])]
        : []),
      ...(settings.field_defaults === true ? ["--kafka-defaults"] : []),
    ],
    env: {
      ...sparkEnvironment(spark),
      ...hostVariables(address),
      POSTGRES_DB: address.database,
      POSTGRES_USER: address.user,
    },
    secret_env: { POSTGRES_PASSWORD: address.password_file },
    cwd: directory,
    log: join(settings.run_directory, `logs/${name}.log`),
    addresses: {},
    restart: "always",
    ...(settings.standby && { restart_delay_ms: AFTER_TAKE_OVER_MS }),
    fatal_exits: Object.fromEntries(JOB_FATAL_EXIT_CODES.map((code) => [code, EXIT_MEANINGS[code] ?? "fatal"])),
    stop: { signal: "SIGTERM", timeout_ms: 15_000 },
  };
}
