import { join } from "node:path";
import { hostVariables } from "../../../contract/postgres-hosts.ts";
import { COMPILE_CACHE, LAYOUT, nodeEnvironment, ROOT } from "../state/layout.ts";
import { clientPort } from "../state/node-ports.ts";
import { driverNames, KAFKA_IDS, type Settings, WORKER_IDS } from "../state/settings.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import { bootstrapServers, kafkaName } from "./kafka.ts";
import { postgresAddress } from "./postgres.ts";
import { postgresNames } from "./postgres-cluster.ts";
import { workerName } from "./spark.ts";
import { ZOOKEEPER, zookeeperAddress } from "./zookeeper.ts";

export const MONITOR = "monitor";

/** Watches the run: it writes samples.ndjson and more until it is stopped. It waits for run.json by itself. */
export function monitorSpec(settings: Settings, stateDirectory: string): ProcessSpec {
  const address = postgresAddress(settings, stateDirectory);
  return {
    name: MONITOR,
    kind: "monitor",
    command: process.execPath,
    args: [
      "--disable-warning=ExperimentalWarning",
      // It must stay small beside the nodes that it watches.
      "--max-semi-space-size=4",
      join(ROOT, "monitor/main.ts"),
      "--run-dir",
      settings.run_directory,
      "--brokers",
      bootstrapServers(settings).join(","),
      "--nodes",
      nodeList(settings),
      "--driver-status",
      join(stateDirectory, LAYOUT.data),
      // A free port; page.json in the run directory has it.
      "--page",
      "127.0.0.1:0",
    ],
    env: nodeEnvironment({
      ...hostVariables(address),
      ...COMPILE_CACHE,
      POSTGRES_DB: address.database,
      POSTGRES_USER: address.user,
    }),
    secret_env: { POSTGRES_PASSWORD: address.password_file },
    cwd: join(stateDirectory, LAYOUT.data, MONITOR),
    log: join(settings.run_directory, "logs/monitor.log"),
    addresses: {},
    restart: "always",
    fatal_exits: { 64: "a flag, or a file that it reads, is wrong" },
    stop: { signal: "SIGTERM", timeout_ms: 5_000 },
  };
}

/** As the monitor's --nodes wants it: each node, and the address by which its own protocol is asked. */
function nodeList(settings: Settings): string {
  const { ports, coordination } = settings;
  return [
    ...KAFKA_IDS.map((id) => `${kafkaName(id)}=kafka@127.0.0.1:${ports[`kafka-${id}-client`]}`),
    ...(coordination === "zookeeper" ? [`${ZOOKEEPER}=zookeeper@${zookeeperAddress(settings)}`] : []),
    ...postgresNames(settings).map((name) => `${name}=postgres@127.0.0.1:${clientPort(settings, name)}`),
    `spark-master=spark-master@127.0.0.1:${ports["spark-master-web"]}`,
    ...WORKER_IDS.map((id) => `${workerName(id)}=spark-worker@127.0.0.1:${ports[`spark-worker-${id}-web`]}`),
    ...driverNames(settings).map((name) => `${name}=driver`),
    "producer=producer",
    `${MONITOR}=monitor`,
  ].join(",");
}
