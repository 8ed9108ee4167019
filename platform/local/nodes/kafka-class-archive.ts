import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { waitUntil } from "../../../machine/clock.ts";
import { clusterView } from "../../protocol/kafka-cluster.ts";
import { KAFKA_JVM, kafkaLogging } from "./kafka.ts";
import { javaCommand, nodeEnvironment } from "../state/layout.ts";
import { choosePorts } from "../state/ports.ts";
import { NODE_VARIABLE, STATE_VARIABLE } from "../supervisor/marked-processes.ts";
import { runTool } from "./run-tool.ts";
import { newClusterId } from "../state/settings.ts";

const TRAINING_TIMEOUT_MS = 90_000;

/**
 * A class-data archive (JEP 350) for Kafka nodes: made once per set of jars and JDK by starting and stopping a node alone, then mapped by every node.
 * A node is there after 3 s of processor time instead of 5.2 s, which is what most of a restart is. With the jars of Kafka 3.9 the node alone is
 * one of KRaft too: a broker with ZooKeeper then takes 2.7 s instead of 4.1 s (2.2 s if it were trained with a ZooKeeper, which is not worth one).
 * @param onMake is called before the making, which takes some seconds.
 * @returns its file; undefined when it can't be made (a node starts without it too, only later).
 */
export async function kafkaClassArchive(
  jars: string,
  stateDirectory: string,
  onMake: () => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const archive = `${jars}.${archiveKey(jars)}.jsa`;
  if (existsSync(archive)) return archive;
  onMake();
  const directory = join(stateDirectory, "data/kafka-training");
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  try {
    const made = join(directory, "classes.jsa");
    await train(jars, directory, made, stateDirectory, signal);
    // Another checkout's up can't be here (the path has ours), another state directory's may: then both are the same, and the last stays.
    for (const name of readdirSync(dirname(jars)))
      if (name.startsWith(`${basename(jars)}.`) && name.endsWith(".jsa"))
        rmSync(join(dirname(jars), name), { force: true });
    renameSync(made, archive);
    return archive;
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The JVM checks path, size and time of each jar, and its own version; anything else makes it ignore the archive. */
function archiveKey(jars: string): string {
  const java = spawnSync(javaCommand(), ["-version"], { encoding: "utf8" }).stderr ?? "";
  const files = readdirSync(jars)
    .toSorted()
    .map((name) => `${name} ${statSync(join(jars, name)).size} ${statSync(join(jars, name)).mtimeMs}`);
  return createHash("sha256")
    .update([java, jars, ...files].join("\n"))
    .digest("hex")
    .slice(0, 12);
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
