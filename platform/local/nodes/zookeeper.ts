import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { kafkaLogging } from "./kafka.ts";
import { javaCommand, LAYOUT, nodeEnvironment, ROOT } from "../state/layout.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import type { Settings } from "../state/settings.ts";

export const ZOOKEEPER = "zookeeper";

const JVM = [
  "-Xms32m",
  "-Xmx128m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-XX:+ExitOnOutOfMemoryError",
  "-Djava.awt.headless=true",
];

function zookeeperDirectory(stateDirectory: string): string {
  return join(stateDirectory, LAYOUT.data, ZOOKEEPER);
}

export function zookeeperAddress(settings: Settings): string {
  return `127.0.0.1:${settings.ports.zookeeper}`;
}

/** Addresses and place, then what every runtime has. */
export function zookeeperProperties(settings: Settings, dataDirectory: string): string {
  const own = `clientPortAddress=127.0.0.1\nclientPort=${settings.ports.zookeeper}\ndataDir=${dataDirectory}\n`;
  return own + readFileSync(join(ROOT, "platform/kafka/zookeeper/zookeeper.properties"), "utf8");
}

/** Writes its configuration; the server makes its data itself, and finds the whole of them after a death at any time. */
export function prepareZookeeper(settings: Settings, stateDirectory: string): void {
  const directory = zookeeperDirectory(stateDirectory);
  mkdirSync(directory, { recursive: true });
  writeFileAtomic.sync(join(directory, "zookeeper.properties"), zookeeperProperties(settings, join(directory, "data")));
}

/** @param jars directory of the jars of Kafka 3.9.2 and ZooKeeper (see kafkaJars). */
export function zookeeperSpec(settings: Settings, stateDirectory: string, jars: string): ProcessSpec {
  const directory = zookeeperDirectory(stateDirectory);
  return {
    name: ZOOKEEPER,
    kind: "zookeeper",
    command: javaCommand(),
    args: [
      ...JVM,
      ...kafkaLogging(),
      "-cp",
      `${jars}/*`,
      "org.apache.zookeeper.server.quorum.QuorumPeerMain",
      join(directory, "zookeeper.properties"),
    ],
    env: nodeEnvironment(),
    secret_env: {},
    cwd: directory,
    log: join(settings.run_directory, "logs/zookeeper.log"),
    addresses: { client: zookeeperAddress(settings) },
    restart: "always",
    fatal_exits: {},
    stop: { signal: "SIGTERM", timeout_ms: 5_000 },
  };
}
