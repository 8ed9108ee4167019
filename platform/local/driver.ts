import { join } from "node:path";
import { RUN_FILES } from "../../contract/run.ts";
import type { Trigger } from "../../contract/stack.ts";
import { javaCommand, LAYOUT } from "./layout.ts";
import { bootstrapServers } from "./kafka.ts";
import type { ProcessSpec } from "./node-files.ts";
import { postgresAddress } from "./postgres.ts";
import { EXECUTOR_JVM, EXECUTOR_MEMORY, type SparkHome, sparkEnvironment, sparkJvm, sparkMasterUrl } from "./spark.ts";
import { type Settings, WORKER_IDS, workerSlots } from "./settings.ts";

/** Exit codes of the job that a new start can't cure: 64 usage, 78 configuration. */
const FATAL_EXIT_CODES = [64, 78];

/** The job's driver in client mode, with all slots of both workers, so that the loss of one worker leaves enough for every partition. */
export function driverSpec(settings: Settings, stateDirectory: string, trigger: Trigger, spark: SparkHome): ProcessSpec {
  const address = postgresAddress(settings, stateDirectory);
  const properties = {
    "spark.app.name": settings.pipeline,
    "spark.master": sparkMasterUrl(settings),
    "spark.submit.deployMode": "client",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.cores.max": WORKER_IDS.length * workerSlots(settings.partitions),
    "spark.executor.memory": EXECUTOR_MEMORY,
    "spark.executor.extraJavaOptions": EXECUTOR_JVM,
    "spark.executor.logs.rolling.strategy": "size",
    "spark.executor.logs.rolling.maxSize": 16_777_216,
    "spark.executor.logs.rolling.maxRetainedFiles": 2,
    // A paused executor is given up after this time; a killed one is noticed at once, by its closed connection.
    "spark.network.timeout": "15s",
    "spark.network.timeoutInterval": "5s",
    "spark.executor.heartbeatInterval": "2s",
    "spark.storage.blockManagerHeartbeatTimeoutMs": "15s",
    "spark.rpc.askTimeout": "30s",
    "spark.task.maxFailures": 1000,
    "spark.excludeOnFailure.enabled": "false",
    "spark.stage.maxConsecutiveAttempts": 1000,
    "spark.sql.shuffle.partitions": settings.partitions,
    "spark.cleaner.referenceTracking.cleanCheckpoints": "false",
  };
  const jobArguments = {
    "--pipeline": join(settings.runDirectory, RUN_FILES.pipeline),
    "--brokers": bootstrapServers(settings).join(","),
    "--topic": settings.topic,
    "--trigger": trigger,
    "--checkpoint": join(stateDirectory, LAYOUT.checkpoint, trigger),
    "--status-file": join(stateDirectory, LAYOUT.driverStatus),
  };
  return {
    name: "driver",
    kind: "driver",
    command: javaCommand(),
    args: [...sparkJvm(spark, "1g", properties), "dev.faultline.job.PipelineJob", ...Object.entries(jobArguments).flat()],
    env: {
      ...sparkEnvironment(spark),
      POSTGRES_HOST: address.host,
      POSTGRES_PORT: `${address.port}`,
      POSTGRES_DB: address.database,
      POSTGRES_USER: address.user,
    },
    secretEnv: { POSTGRES_PASSWORD: address.passwordFile },
    cwd: join(stateDirectory, LAYOUT.data, "driver"),
    log: join(settings.runDirectory, "logs/driver.log"),
    addresses: {},
    restart: "always",
    fatalExitCodes: FATAL_EXIT_CODES,
    stop: { signal: "SIGTERM", timeoutMs: 15_000 },
  };
}
