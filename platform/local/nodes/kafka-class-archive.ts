import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitUntil } from "../../../machine/clock.ts";
import { clusterView } from "../../protocol/kafka-cluster.ts";
import { KAFKA_JVM, kafkaLogging } from "./kafka.ts";
import { javaCommand, nodeEnvironment } from "../state/layout.ts";
import { choosePorts } from "../state/ports.ts";
import { NODE_VARIABLE, STATE_VARIABLE } from "../supervisor/marked-processes.ts";
import type { OnProgress } from "../../runtime.ts";
import { classArchive } from "./class-archive.ts";
import { runTool } from "./run-tool.ts";
import { newClusterId } from "../state/settings.ts";

const TRAINING_TIMEOUT_MS = 90_000;

/**
 * The class archive of Kafka's nodes, made by starting and stopping a node alone. A node is there after 3 s of processor time instead of 5.2 s, which is
 * what most of a restart is. With the jars of Kafka 3.9 the node alone is one of KRaft too: a broker with ZooKeeper then takes 2.7 s instead of 4.1 s
 * (2.2 s if it were trained with a ZooKeeper, which is not worth one).
 * @returns its file; undefined when it can't be made.
 */
export async function kafkaClassArchive(
  jars: string,
  stateDirectory: string,
  say: OnProgress,
  signal?: AbortSignal,
): Promise<string | undefined> {
  return classArchive({
    title: "Kafka",
    place: jars,
    jars,
    stateDirectory,
    train: async (directory, file) => train(jars, directory, file, stateDirectory, signal),
    say,
    signal,
  });
}

async function train(
  jars: string,
  directory: string,
  archive: string,
  stateDirectory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ports = await choosePorts(directory);
  const listeners = `CLIENT://127.0.0.1:${ports["kafka-1-client"]},CONTROLLER://127.0.0.1:${ports["kafka-1-controller"]}`;
  const properties = join(directory, "server.properties");
  writeFileSync(
    properties,
    `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${ports["kafka-1-controller"]}
listeners=${listeners}
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs=${directory}/log
offsets.topic.replication.factor=1
log.cleaner.dedupe.buffer.size=16777216
`,
  );
  const common = { command: javaCommand(), env: nodeEnvironment(), cwd: directory, stateDirectory, signal };
  const classPath = [...kafkaLogging(), "-cp", `${jars}/*`];
  const format = ["kafka.tools.StorageTool", "format", "-t", newClusterId(), "-c", properties];
  await runTool({
    ...common,
    title: "kafka-training format",
    args: ["-Xmx128m", "-XX:TieredStopAtLevel=1", ...classPath, ...format],
    timeoutMs: 60_000,
  });
  const child = spawn(
    common.command,
    [...KAFKA_JVM, `-XX:ArchiveClassesAtExit=${archive}`, ...classPath, "kafka.Kafka", properties],
    {
      cwd: directory,
      env: { ...common.env, [STATE_VARIABLE]: stateDirectory, [NODE_VARIABLE]: "kafka-training" },
      stdio: "ignore",
    },
  );
  child.once("error", () => {});
  try {
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
    const answers = await waitUntil(
      TRAINING_TIMEOUT_MS,
      async () =>
        isOver() ||
        clusterView(`127.0.0.1:${ports["kafka-1-client"]}`).then(
          (view) => view.brokers.length > 0,
          () => false,
        ),
      { everyMs: 200, signal },
    );
    child.kill("SIGTERM");
    await waitUntil(TRAINING_TIMEOUT_MS, isOver, { signal });
    if (!answers || !exited(child)) throw new Error("the training node did not come up or end");
  } finally {
    child.kill("SIGKILL");
  }
}

/** 143: the JVM's exit code for a SIGTERM that it handled, the archive written. */
function exited(child: ChildProcess): boolean {
  return child.exitCode === 143 || child.exitCode === 0;
}
