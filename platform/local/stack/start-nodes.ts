import { renderSchema } from "../../../db/ddl.ts";
import { waitUntil } from "../../../machine/clock.ts";
import { clusterView } from "../../protocol/kafka-cluster.ts";
import { ensureTopic, topicIsComplete } from "../../protocol/kafka-topic.ts";
import { postgresAnswers, withPostgres } from "../../protocol/postgres-client.ts";
import { masterPage } from "../../protocol/spark-pages.ts";
import { zookeeperServes } from "../../protocol/zookeeper-readiness.ts";
import { driverSpec } from "../nodes/driver.ts";
import { LocalInventory } from "../nodes/inventory.ts";
import { kafkaClassArchive } from "../nodes/kafka-class-archive.ts";
import { prepareKafka } from "../nodes/kafka-prepare.ts";
import { bootstrapServers, kafkaName, kafkaSpec } from "../nodes/kafka.ts";
import { MONITOR, monitorSpec } from "../nodes/monitor.ts";
import { preparePostgres } from "../nodes/postgres-prepare.ts";
import { postgresSpec, serverAddress } from "../nodes/postgres.ts";
import { POSTGRES, postgresNames, readCluster } from "../nodes/postgres-cluster.ts";
import { followsAgain } from "../nodes/postgres-reload.ts";
import { clusterServerSpec } from "../nodes/postgres-standby.ts";
import { withSparkArchive } from "../nodes/spark-class-archive.ts";
import { type SparkHome, sparkMasterSpec, sparkWorkerSpec, workerName } from "../nodes/spark.ts";
import { prepareZookeeper, ZOOKEEPER, zookeeperAddress, zookeeperSpec } from "../nodes/zookeeper.ts";
import { type DriverName, driverNames, KAFKA_IDS, WORKER_IDS } from "../state/settings.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import { checkInterrupted, waitForNodes } from "../supervisor/wait.ts";
import { type Context, waitFor, wantLinks, wantUp } from "./want-up.ts";

const MONITOR_TIMEOUT_MS = 3_000;

export async function startKafka(
  context: Context,
  jars: string,
  archives: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { settings, stateDirectory, file, say } = context;
  const archive = archives ? await kafkaClassArchive(jars, stateDirectory, say, signal) : undefined;
  say("Kafka: storage");
  await Promise.all(KAFKA_IDS.map(async (id) => prepareKafka(settings, stateDirectory, id, jars, archive, signal)));
  checkInterrupted(signal, "Kafka");
  if (settings.coordination === "zookeeper") await startZookeeper(context, jars, signal);
  for (const id of KAFKA_IDS) wantUp(context, kafkaSpec(settings, stateDirectory, id, jars, archive));
  say("Kafka: starting 3 nodes");
  const names = [...KAFKA_IDS.map(kafkaName), ...wantLinks(context, "kafka")];
  const servers = bootstrapServers(settings);
  await waitForNodes(waitFor(context, "Kafka", names, signal), async () => {
    if (!names.every((name) => context.files.isCurrent(name))) return false;
    const views = await Promise.all(servers.map(async (server) => clusterView(server)));
    return views.every(
      (view) =>
        view.brokers.length === KAFKA_IDS.length &&
        (settings.coordination === "zookeeper" || view.clusterId === settings.cluster_id),
    );
  });
  say(`Kafka: topic ${settings.topic}`);
  const { topic, partitions } = file.pipeline;
  await waitForNodes(waitFor(context, `topic ${topic}`, names, signal), async () => {
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
  await waitForNodes(waitFor(context, "ZooKeeper", [ZOOKEEPER], signal), async () =>
    zookeeperServes(zookeeperAddress(settings)),
  );
  say("ZooKeeper: ready");
}

export async function startPostgres(context: Context, signal: AbortSignal): Promise<void> {
  const { settings, stateDirectory, file, say } = context;
  say("PostgreSQL: data directory");
  await preparePostgres(settings, stateDirectory, signal);
  checkInterrupted(signal, "PostgreSQL");
  const standby = settings.postgres_standby !== undefined;
  const servers = postgresNames(settings);
  for (const name of servers)
    wantUp(
      context,
      standby ? clusterServerSpec(settings, stateDirectory, name) : postgresSpec(settings, stateDirectory),
    );
  const names = [...servers, ...wantLinks(context, "postgres")];
  say("PostgreSQL: starting");
  const address = serverAddress(settings, stateDirectory, readCluster(stateDirectory)?.primary ?? POSTGRES);
  await waitForNodes(
    waitFor(context, "PostgreSQL", names, signal),
    async () => names.every((name) => context.files.isCurrent(name)) && postgresAnswers(address),
  );
  // Two `up` never meet here (lock), but IF NOT EXISTS is no lock against other clients: one transaction, so all or nothing.
  await waitForNodes(waitFor(context, "schema", names, signal), async () => {
    await withPostgres(
      address,
      async (client) => client.query(`BEGIN;\n${renderSchema(file.pipeline)}COMMIT;`),
      30_000,
    );
    return true;
  });
  say("PostgreSQL: ready, schema applied");
  if (standby) await awaitStandby(context, names, signal);
}

async function awaitStandby(context: Context, names: string[], signal: AbortSignal): Promise<void> {
  const inventory = new LocalInventory(context.stateDirectory);
  const servers = postgresNames(context.settings);
  await waitForNodes(waitFor(context, "PostgreSQL's standby", names, signal), async () => {
    const ready = await Promise.all(servers.map(async (name) => inventory.ready(name)));
    return ready.every(Boolean);
  });
  followsAgain(context.settings, context.files);
  const waits = context.settings.postgres_standby?.synchronous === true;
  context.say(`PostgreSQL: the standby streams${waits ? ", and every commit waits for it" : ""}`);
}

/** @returns Spark with its class archive, as soon as workers and a driver can register: both look for a master again only after 5 to 20 s. */
export async function startSparkMaster(
  context: Context,
  home: SparkHome,
  archives: boolean,
  signal: AbortSignal,
): Promise<SparkHome> {
  const { settings, stateDirectory, say } = context;
  const spark = archives ? await withSparkArchive(home, stateDirectory, say, signal) : home;
  checkInterrupted(signal, "Spark");
  wantUp(context, sparkMasterSpec(settings, stateDirectory, spark));
  say("Spark: starting master");
  const web = `127.0.0.1:${settings.ports["spark-master-web"]}`;
  await waitForNodes(
    waitFor(context, "Spark master", ["spark-master"], signal),
    async () => (await masterPage(web)) !== undefined,
  );
  return spark;
}

export async function startSparkWorkers(context: Context, spark: SparkHome, signal: AbortSignal): Promise<void> {
  const { settings, stateDirectory, say } = context;
  for (const id of WORKER_IDS) wantUp(context, sparkWorkerSpec(settings, stateDirectory, id, spark));
  say("Spark: starting 2 workers");
  const inventory = new LocalInventory(stateDirectory);
  const names = ["spark-master", ...WORKER_IDS.map(workerName)];
  await waitForNodes(waitFor(context, "Spark workers", names, signal), async () => {
    const ready = await Promise.all(names.map(async (name) => inventory.ready(name)));
    return ready.every(Boolean);
  });
  say("Spark: ready");
}

/**
 * One driver after the other: a second cold start would only slow down the first one. Waits for the standby as well, so that whoever kills a driver
 * as soon as the stack is up finds what the stack promises.
 */
export async function startDrivers(context: Context, spark: SparkHome, signal: AbortSignal): Promise<void> {
  for (const name of driverNames(context.settings)) await startDriver(context, spark, name, signal);
}

async function startDriver(context: Context, spark: SparkHome, name: DriverName, signal: AbortSignal): Promise<void> {
  const { settings, stateDirectory, files, say } = context;
  const spec = driverSpec(settings, stateDirectory, settings.trigger, spark, name);
  const before = files.readSpec(name);
  const swapped = before !== undefined && triggerOf(before) !== triggerOf(spec);
  wantUp(context, spec, swapped);
  say(`${name}: starting (${settings.trigger})`);
  const inventory = new LocalInventory(stateDirectory);
  await waitForNodes(
    waitFor(context, name, [name], signal),
    async () => files.isCurrent(name) && (await inventory.driverIsUp(name)),
  );
  const active = await inventory.holderOf({ role: "active-driver" });
  say(active === name || active === undefined ? `${name}: query runs` : `${name}: stands by for ${active}`);
}

/** Starts the monitor and waits for nothing: it begins to write when it finds run.json. */
export function startMonitor(context: Context): void {
  wantUp(context, monitorSpec(context.settings, context.stateDirectory));
}

/** Gives the monitor a moment for its first sample. A stack without one works all the same, so this is no error. */
export async function awaitMonitor(context: Context, signal: AbortSignal | undefined): Promise<void> {
  const inventory = new LocalInventory(context.stateDirectory);
  const isReady = async (): Promise<boolean> => inventory.ready(MONITOR);
  if (await waitUntil(MONITOR_TIMEOUT_MS, isReady, { everyMs: 100, signal })) return;
  context.say(`monitor: no sample yet; see ${context.files.readSpec(MONITOR)?.log}`);
}

function triggerOf(spec: ProcessSpec): string | undefined {
  return spec.args[spec.args.indexOf("--trigger") + 1];
}
