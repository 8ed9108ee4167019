import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaultlineError } from "../../contract/errors.ts";
import type { Coordination, Stack, Trigger } from "../../contract/stack.ts";
import { renderSchema } from "../../db/ddl.ts";
import { kafkaJars } from "../kafka/jars.ts";
import { driverSpec } from "./driver.ts";
import { kafkaClassArchive } from "./kafka-class-archive.ts";
import { clusterView } from "../protocol/kafka-cluster.ts";
import { prepareKafka } from "./kafka-prepare.ts";
import { ensureTopic, topicIsComplete } from "../protocol/kafka-topic.ts";
import { bootstrapServers, kafkaName, kafkaSpec } from "./kafka.ts";
import { LAYOUT } from "./layout.ts";
import { LinkConditions } from "./link-conditions.ts";
import { keepLinks, linkName, linkSpecs, writeSpecAndMove } from "./links.ts";
import { LocalNodeControl } from "./node-control.ts";
import { NodeFiles, type ProcessSpec } from "./node-files.ts";
import { nodeProcesses } from "./node-process.ts";
import { choosePorts, isFree, type PortName, type Ports, portInUse, usesPort } from "./ports.ts";
import { postgresAnswers, withPostgres } from "../protocol/postgres-client.ts";
import { choosePostgresHome } from "./postgres-home.ts";
import { preparePostgres } from "./postgres-prepare.ts";
import { postgresAddress, postgresSpec } from "./postgres.ts";
import { isAlive, processState } from "./process-identity.ts";
import { ensureRunDirectory, ensureRunFile, newRunId, type PipelineFile, readPipelineFile } from "../run-directory.ts";
import { KAFKA_IDS, newClusterId, readSettings, type Settings, WORKER_IDS, writeSettings } from "./settings.ts";
import { masterPage } from "../protocol/spark-master-page.ts";
import { type SparkHome, sparkHome, sparkMasterSpec, sparkMasterUrl, sparkWorkerSpec, workerName } from "./spark.ts";
import { withStackLock } from "./stack-lock.ts";
import { ensureSupervisor } from "./supervisor-process.ts";
import { componentVersions } from "./versions.ts";
import { checkInterrupted, type Wait, waitUntil } from "./wait.ts";
import { zookeeperServes } from "../protocol/zookeeper-readiness.ts";
import { prepareZookeeper, ZOOKEEPER, zookeeperAddress, zookeeperSpec } from "./zookeeper.ts";

export type UpOptions = {
  stateDir: string;
  runsDir: string;
  pipelineFile: string;
  /** Undefined: what the existing data have, else 1. */
  seed?: number;
  /** Undefined: what the existing data have, else 0. */
  malformedPpm?: number;
  /** Undefined: what the existing data have, else "realtime". Another one than before swaps the driver's. */
  trigger?: Trigger;
  /** Undefined: what the existing data have, else "kraft". */
  coordination?: Coordination;
  /** Ports that must be these. The others are chosen. */
  ports?: Partial<Ports>;
  /** false: leave the driver out (to measure the sink's peers on the same stack). */
  driver?: boolean;
  /** false: leave Spark's master and workers out (for a job that brings its own Spark). */
  sparkCluster?: boolean;
  /** Instead of what spark-app builds. */
  spark?: SparkHome;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
};

/** `elapsedMs` since `up` began. */
export type Progress = { step: string; elapsedMs: number };

const READY_TIMEOUT_MS = 180_000;

/** Everything that the steps of one `up` share. */
type Context = {
  options: UpOptions;
  stateDirectory: string;
  settings: Settings;
  file: PipelineFile;
  files: NodeFiles;
  say: (step: string) => void;
};

/**
 * Brings the stack up, or repairs it: what runs stays, what is missing is made or started, what is held or paused is let go. May be
 * interrupted or killed anywhere; the next `up` goes on, `down` ends it.
 * @throws FaultlineError FL_STACK_BUSY (another up or down runs), FL_PIPELINE_INVALID, FL_CONFIG_INVALID (other pipeline or seed than the data),
 * FL_TOPIC_MISMATCH, FL_PORT_IN_USE, FL_PREREQUISITE, FL_NODE_FAILED, FL_NOT_READY, FL_INTERRUPTED.
 */
export async function up(options: UpOptions): Promise<Stack> {
  const beganMs = Date.now();
  const stateDirectory = resolve(options.stateDir);
  const file = readPipelineFile(options.pipelineFile);
  mkdirSync(stateDirectory, { recursive: true });
  return withStackLock(stateDirectory, async () => {
    const say = (step: string): void => options.onProgress?.({ step, elapsedMs: Date.now() - beganMs });
    const files = new NodeFiles(stateDirectory);
    const settings = await settle(options, stateDirectory, file, files);
    return bringUp({ options, stateDirectory, settings, file, files, say });
  });
}

/** The settings of the existing data, checked against what is asked; new ones when there are no data. */
async function settle(options: UpOptions, stateDirectory: string, { pipeline, sha256, text }: PipelineFile, files: NodeFiles): Promise<Settings> {
  const found = readSettings(stateDirectory);
  const nowMs = Date.now();
  let settings: Settings;
  if (found === undefined) {
    const runsDirectory = resolve(options.runsDir);
    const runId = newRunId(runsDirectory, pipeline.name, nowMs);
    settings = {
      version: 1,
      coordination: options.coordination ?? "kraft",
      clusterId: newClusterId(),
      ports: await choosePorts(stateDirectory, options.ports),
      runId,
      run: Math.floor(nowMs / 1000),
      runDirectory: join(runsDirectory, runId),
      seed: options.seed ?? 1,
      malformedPpm: options.malformedPpm ?? 0,
      pipeline: pipeline.name,
      pipelineSha256: sha256,
      partitions: pipeline.partitions,
      topic: pipeline.topic,
      trigger: options.trigger ?? "realtime",
      createdMs: nowMs,
      postgres: choosePostgresHome(stateDirectory),
    };
  } else {
    checkSame("pipeline file (SHA-256)", sha256, found.pipelineSha256, ` (pipeline ${found.pipeline}, topic ${found.topic}, ${found.partitions} partitions)`);
    checkSame("seed", options.seed, found.seed);
    checkSame("coordination", options.coordination, found.coordination);
    checkSame("malformed events per million", options.malformedPpm, found.malformedPpm);
    const ports = await keepPorts(options, stateDirectory, found, files);
    settings = { ...found, trigger: options.trigger ?? found.trigger, ports, ...(await keepLinks(stateDirectory, { ...found, ports }, files)) };
  }
  writeSettings(stateDirectory, settings);
  ensureRunDirectory(settings, text);
  return settings;
}

function checkSame(what: string, asked: string | number | undefined, has: string | number, about = ""): void {
  if (asked === undefined || asked === has) return;
  throw new FaultlineError("FL_CONFIG_INVALID", `${what}: asked for ${asked}, but the existing data have ${has}${about}`, {
    remedy: "./faultline down --volumes throws the data away; then up makes new ones",
  });
}

/** A port that was taken by somebody else while its node was down is replaced, but only when no node runs with the old ones. */
async function keepPorts(options: UpOptions, stateDirectory: string, found: Settings, files: NodeFiles): Promise<Ports> {
  for (const [name, port] of Object.entries(options.ports ?? {})) checkSame(`port of ${name}`, port, found.ports[name as PortName]);
  const anyAlive = files.names().some((name) => {
    const { process } = files.readActual(name);
    return process !== null && isAlive(process);
  });
  const taken = new Set<PortName>();
  for (const [name, port] of Object.entries(found.ports) as [PortName, number][]) {
    if (!usesPort(found.coordination, name)) continue;
    const node = name.replace(/-(client|broker|controller|web)$/, "");
    // A node's port may be its link's.
    const owners = [node, linkName(node)].map((owner) => files.readActual(owner).process);
    if (owners.some((process) => process !== null && isAlive(process)) || (await isFree(port))) continue;
    // What is left of a node's children may have it for a moment; the supervisor ends them.
    const spec = files.readSpec(node);
    if (spec !== undefined && nodeProcesses(stateDirectory, spec, null).length > 0) continue;
    if (anyAlive || options.ports?.[name] !== undefined) throw portInUse(name, port);
    taken.add(name);
  }
  if (taken.size === 0) return found.ports;
  const kept = Object.fromEntries((Object.entries(found.ports) as [PortName, number][]).filter(([name]) => !taken.has(name)));
  return choosePorts(stateDirectory, kept);
}

async function bringUp(context: Context): Promise<Stack> {
  const { options, stateDirectory, settings, say } = context;
  const spark = options.spark ?? sparkHome();
  say("Kafka's jars");
  const jars = await kafkaJars({ coordination: settings.coordination, onProgress: (step) => say(`Kafka: ${step}`), signal: options.signal });
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
  ensureRunFile({ ...settings, runtime: "local" }, await componentVersions(stack.postgres, logOf(kafkaName(1)), logOf("spark-master")));
  if (options.driver !== false) await startDriverNode(context, spark, options.signal);
  writeFileAtomic.sync(join(stateDirectory, LAYOUT.stack), `${JSON.stringify(stack, undefined, 2)}\n`);
  say("ready");
  return stack;
}

function describe({ settings, stateDirectory }: Context): Stack {
  return {
    version: 1,
    runtime: "local",
    runDirectory: settings.runDirectory,
    bootstrapServers: bootstrapServers(settings),
    postgres: postgresAddress(settings, stateDirectory),
    sparkMaster: sparkMasterUrl(settings),
    trigger: settings.trigger,
    createdMs: settings.createdMs,
  };
}

/** Wants a node up: a new generation only when it was not wanted so before, has given up, or waits for its next try. Lets go of holds and pauses. */
function wantUp({ files, stateDirectory, say }: Context, spec: ProcessSpec, renew = false): void {
  const desired = files.readDesired(spec.name);
  const actual = files.readActual(spec.name);
  writeSpecAndMove(files, spec);
  if (files.isHeld(spec.name)) {
    say(`${spec.name} was held: released`);
    files.removeHold(spec.name);
  }
  for (const identity of nodeProcesses(stateDirectory, spec, actual.process))
    if (processState(identity) === "stopped" && process.kill(identity.pid, "SIGCONT")) say(`${spec.name} was paused (pid ${identity.pid}): resumed`);
  const gaveUp = actual.state === "failed" || actual.state === "done" || actual.state === "backoff";
  if (desired?.want !== "up" || gaveUp || renew) files.writeDesired(spec.name, { want: "up", generation: (desired?.generation ?? 0) + 1 });
}

/** Brings the links before nodes of this kind up, and takes off what lies on them. @returns their names. */
function wantLinks(context: Context, kind: "kafka" | "postgres"): string[] {
  return linkSpecs(context.settings, context.stateDirectory, kind).map((spec) => {
    const conditions = new LinkConditions(context.stateDirectory, spec.link as string);
    for (const { tag, delay_ms } of conditions.all()) {
      context.say(`${spec.link} was delayed by ${delay_ms} ms: lifted`);
      conditions.remove(tag);
    }
    wantUp(context, spec);
    return spec.name;
  });
}

function waitFor(context: Context, what: string, nodes: string[], signal: AbortSignal | undefined): Wait {
  return { what, nodes, files: context.files, timeoutMs: READY_TIMEOUT_MS, signal };
}

async function startKafka(context: Context, jars: string, signal: AbortSignal): Promise<void> {
  const { settings, stateDirectory, file, say } = context;
  const archive = await kafkaClassArchive(jars, stateDirectory, () => say("Kafka: class archive, made once"), signal);
  say("Kafka: storage");
  await Promise.all(KAFKA_IDS.map(async (id) => prepareKafka(settings, stateDirectory, id, jars, signal)));
  checkInterrupted(signal, "Kafka");
  if (settings.coordination === "zookeeper") await startZookeeper(context, jars, signal);
  for (const id of KAFKA_IDS) wantUp(context, kafkaSpec(settings, stateDirectory, id, jars, archive));
  say("Kafka: starting 3 nodes");
  const names = [...KAFKA_IDS.map(kafkaName), ...wantLinks(context, "kafka")];
  const servers = bootstrapServers(settings);
  await waitUntil(waitFor(context, "Kafka", names, signal), async () => {
    if (!names.every((name) => context.files.isCurrent(name))) return false;
    const views = await Promise.all(servers.map(async (server) => clusterView(server)));
    return views.every((view) => view.brokers.length === KAFKA_IDS.length && (settings.coordination === "zookeeper" || view.clusterId === settings.clusterId));
  });
  say(`Kafka: topic ${settings.topic}`);
  const { topic, partitions } = file.pipeline;
  await waitUntil(waitFor(context, `topic ${topic}`, names, signal), async () => {
    await ensureTopic(servers[0] as string, topic, partitions);
    return topicIsComplete(servers, topic, partitions);
  });
  say("Kafka: ready");
}

async function startZookeeper(context: Context, jars: string, signal: AbortSignal): Promise<void> {
  const { settings, stateDirectory, say } = context;
  prepareZookeeper(settings, stateDirectory);
  wantUp(context, zookeeperSpec(settings, stateDirectory, jars));
  say("ZooKeeper: starting");
  await waitUntil(waitFor(context, "ZooKeeper", [ZOOKEEPER], signal), async () => zookeeperServes(zookeeperAddress(settings)));
  say("ZooKeeper: ready");
}

async function startPostgres(context: Context, signal: AbortSignal): Promise<void> {
  const { settings, stateDirectory, file, say } = context;
  say("PostgreSQL: data directory");
  await preparePostgres(settings, stateDirectory, signal);
  checkInterrupted(signal, "PostgreSQL");
  wantUp(context, postgresSpec(settings, stateDirectory));
  const names = ["postgres", ...wantLinks(context, "postgres")];
  say("PostgreSQL: starting");
  const address = postgresAddress(settings, stateDirectory);
  await waitUntil(waitFor(context, "PostgreSQL", names, signal), async () => names.every((name) => context.files.isCurrent(name)) && postgresAnswers(address));
  // Two `up` never meet here (lock), but IF NOT EXISTS is no lock against other clients: one transaction, so all or nothing.
  await waitUntil(waitFor(context, "schema", names, signal), async () => {
    await withPostgres(address, async (client) => client.query(`BEGIN;\n${renderSchema(file.pipeline)}COMMIT;`), 30_000);
    return true;
  });
  say("PostgreSQL: ready, schema applied");
}

async function startSpark(context: Context, spark: SparkHome, signal: AbortSignal): Promise<void> {
  const { settings, stateDirectory, say } = context;
  wantUp(context, sparkMasterSpec(settings, stateDirectory, spark));
  say("Spark: starting master");
  const web = `127.0.0.1:${settings.ports["spark-master-web"]}`;
  // A worker that starts before its master looks for it again only after 5 to 15 s.
  await waitUntil(waitFor(context, "Spark master", ["spark-master"], signal), async () => (await masterPage(web)) !== undefined);
  for (const id of WORKER_IDS) wantUp(context, sparkWorkerSpec(settings, stateDirectory, id, spark));
  say("Spark: starting 2 workers");
  const control = new LocalNodeControl(stateDirectory);
  const names = ["spark-master", ...WORKER_IDS.map(workerName)];
  await waitUntil(waitFor(context, "Spark workers", names, signal), async () => {
    const ready = await Promise.all(names.map(async (name) => control.ready(name)));
    return ready.every(Boolean);
  });
  say("Spark: ready");
}

async function startDriverNode(context: Context, spark: SparkHome, signal: AbortSignal | undefined): Promise<void> {
  const { settings, stateDirectory, files, say } = context;
  const spec = driverSpec(settings, stateDirectory, settings.trigger, spark);
  const before = files.readSpec("driver");
  const swapped = before !== undefined && triggerOf(before) !== triggerOf(spec);
  wantUp(context, spec, swapped);
  say(`driver: starting (${settings.trigger})`);
  const control = new LocalNodeControl(stateDirectory);
  const { generation } = files.readDesired("driver") ?? { generation: 0 };
  await waitUntil(
    waitFor(context, "driver", ["driver"], signal),
    async () => files.readActual("driver").generation === generation && (await control.ready("driver")),
  );
  say("driver: query runs");
}

function triggerOf(spec: ProcessSpec): string | undefined {
  return spec.args[spec.args.indexOf("--trigger") + 1];
}
