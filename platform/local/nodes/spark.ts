import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import { javaCommand, LAYOUT, nodeEnvironment, ROOT, temporaryFiles } from "../state/layout.ts";
import { keepTheirs } from "./field-defaults.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import { driverNames, type Settings, WORKER_IDS, workerSlots } from "../state/settings.ts";
import { archiveOptions } from "./class-archive.ts";

export const workerName = (id: number): string => `spark-worker-${id}`;

/** Where Spark's jars and JVM options lie: what `mvn package` in spark-app makes. */
export type SparkHome = {
  home: string;
  jvmOptionsFile: string;
  /** The job's jar, whose manifest names all other jars. A class archive needs a class path that is always the same, and `jars/*` has no order. */
  classPath: string;
  /** See withSparkArchive. */
  archive?: string;
};

/** @throws FaultlineError FL_PREREQUISITE when spark-app has not been built. */
export function sparkHome(): SparkHome {
  const home = join(ROOT, "spark-app/target/spark-home");
  const jars = join(home, "jars");
  const job = existsSync(jars) ? readdirSync(jars).find((name) => /^faultline-job-.*\.jar$/.test(name)) : undefined;
  if (job === undefined)
    throw new FaultlineError("FL_PREREQUISITE", `Spark's jars are missing (${jars})`, {
      remedy: "mvn -B -q -DskipTests -f spark-app/pom.xml package",
    });
  return { home, jvmOptionsFile: join(ROOT, "spark-app/jvm.options"), classPath: join(jars, job) };
}

/** SPARK_LOCAL_IP keeps every listener on the loopback; SPARK_SCALA_VERSION is asked for when Spark was not unpacked from a release. */
export function sparkEnvironment(spark: SparkHome): Record<string, string> {
  return nodeEnvironment({
    SPARK_HOME: spark.home,
    SPARK_SCALA_VERSION: "2.13",
    SPARK_LOCAL_IP: "127.0.0.1",
    SPARK_LOCAL_HOSTNAME: "127.0.0.1",
  });
}

/**
 * Options of master, workers and driver. They only coordinate, so the quick compiler alone serves them best: a master is there after 1.9 s of
 * processor time instead of 3.3 s. (Executors have it, too, by spark-defaults.conf.)
 */
export function sparkJvm(
  spark: SparkHome,
  heap: string,
  directory: string,
  properties: Record<string, string | number>,
): string[] {
  const settings = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  return [
    `@${spark.jvmOptionsFile}`,
    `-Xmx${heap}`,
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    ...archiveOptions(spark.archive),
    temporaryFiles(directory),
    ...settings,
    "-cp",
    spark.classPath,
  ];
}

/**
 * What gives executors the class archive. A worker starts them with SPARK_HOME's `jars/*` as class path. An archive fits if its own class path is how theirs
 * begins, so the job's jar is put before it. (`defaultJavaOptions` stand before what spark-defaults.conf asks for.)
 */
export function executorArchive(spark: SparkHome): Record<string, string> {
  if (spark.archive === undefined) return {};
  return {
    "spark.executor.extraClassPath": spark.classPath,
    // Spark splits it at spaces that are not between quotes.
    "spark.executor.defaultJavaOptions": archiveOptions(`"${spark.archive}"`).join(" "),
  };
}

/** Has `bin/java`, which runs FAULTLINE_JAVA in a new session. */
export function sessionProgram(): string {
  return join(ROOT, "platform/local/nodes/executor-java");
}

/** Gives each executor a session of its own (docs/decisions/018-equal-shares.md): a worker starts the `java` of the JAVA_HOME that the application names. */
export function executorSession(): Record<string, string> {
  return {
    "spark.executorEnv.JAVA_HOME": sessionProgram(),
    "spark.executorEnv.FAULTLINE_JAVA": javaCommand(),
  };
}

/** A silent worker counts as dead after 12 s; it sends a heartbeat four times in this time. */
const WORKER_TIMEOUT_S = 12;

function daemonProperties(settings: Settings, properties: Record<string, string | number>) {
  return settings.field_defaults === true ? keepTheirs("spark daemons", properties) : properties;
}

export function sparkMasterUrl(settings: Settings): string {
  return `spark://127.0.0.1:${settings.ports["spark-master"]}`;
}

export function sparkMasterSpec(settings: Settings, stateDirectory: string, spark: SparkHome): ProcessSpec {
  const directory = join(stateDirectory, LAYOUT.data, "spark-master");
  const { "spark-master": port, "spark-master-web": web } = settings.ports;
  const properties = {
    // Without a store a new master would not know the running application, and never give it an executor again.
    "spark.deploy.recoveryMode": "FILESYSTEM",
    "spark.deploy.recoveryDirectory": join(directory, "recovery"),
    "spark.deploy.recoveryTimeout": `${WORKER_TIMEOUT_S}s`,
    // An application is never removed because its executors died: that is what we do to it.
    "spark.deploy.maxExecutorRetries": -1,
    "spark.worker.timeout": WORKER_TIMEOUT_S,
    "spark.dead.worker.persistence": 1,
  };
  return {
    name: "spark-master",
    kind: "spark-master",
    command: javaCommand(),
    args: sparkJvm(spark, "256m", directory, daemonProperties(settings, properties)).concat([
      "org.apache.spark.deploy.master.Master",
      "--host",
      "127.0.0.1",
      "--port",
      `${port}`,
      "--webui-port",
      `${web}`,
    ]),
    env: sparkEnvironment(spark),
    secret_env: {},
    cwd: directory,
    log: join(settings.run_directory, "logs/spark-master.log"),
    addresses: { spark: `127.0.0.1:${port}`, web: `127.0.0.1:${web}` },
    restart: "always",
    fatal_exits: {},
    stop: { signal: "SIGTERM", timeout_ms: 5_000 },
  };
}

export function sparkWorkerSpec(
  settings: Settings,
  stateDirectory: string,
  id: (typeof WORKER_IDS)[number],
  spark: SparkHome,
): ProcessSpec {
  const name = workerName(id);
  const directory = join(stateDirectory, LAYOUT.data, name);
  const web = settings.ports[`spark-worker-${id}-web`];
  const properties = {
    "spark.worker.timeout": WORKER_TIMEOUT_S,
    // Look for a lost master every 5 to 15 s for as long as it takes, instead of giving up.
    "spark.worker.initialRegistrationRetries": 1_000_000,
    "spark.worker.maxRegistrationRetries": 1_000_000,
    "spark.worker.cleanup.enabled": "true",
    "spark.worker.cleanup.interval": 300,
    "spark.worker.cleanup.appDataTtl": 3600,
  };
  // Memory for three executors of each driver: one that runs, one that dies, and one that takes the other worker's place.
  const resources = [
    "--cores",
    `${workerSlots(settings)}`,
    "--memory",
    `${3 * driverNames(settings).length}g`,
    "--work-dir",
    join(directory, "work"),
  ];
  return {
    name,
    kind: "spark-worker",
    command: javaCommand(),
    args: sparkJvm(spark, "256m", directory, daemonProperties(settings, properties)).concat(
      // Each life has a port of its own, the default. A master that recovers greets the workers that it knew at their addresses. A new worker that is
      // greeted at an old one's takes itself for registered, sends no heartbeat, and never gets work (Spark's Worker, MasterChanged).
      ["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--webui-port", `${web}`],
      resources,
      [sparkMasterUrl(settings)],
    ),
    // An executor inherits it, and tells its driver (--home-workers): here all of them have the same host.
    env: { ...sparkEnvironment(spark), SPARK_EXECUTOR_ATTRIBUTE_WORKER: name },
    secret_env: {},
    cwd: directory,
    log: join(settings.run_directory, "logs", `${name}.log`),
    addresses: { web: `127.0.0.1:${web}` },
    restart: "always",
    fatal_exits: {},
    stop: { signal: "SIGTERM", timeout_ms: 5_000 },
  };
}
