import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KAFKA_IDS, type Settings } from "../state/settings.ts";
import { javaCommand, LAYOUT, nodeEnvironment, ROOT, temporaryFiles } from "../state/layout.ts";
import { withoutOurs } from "./field-defaults.ts";
import { behindAddress, ownPort } from "../state/node-ports.ts";
import type { ProcessSpec } from "../supervisor/node-files.ts";
import type { PortName } from "../state/ports.ts";
import { archiveOptions } from "./class-archive.ts";

const listener = (name: string, port: number): string => `${name.toUpperCase()}://127.0.0.1:${port}`;

export const kafkaName = (id: number): string => `kafka-${id}`;

/**
 * The server.properties of one combined broker and controller (KRaft), or of one broker (ZooKeeper).
 * Sources: Kafka's broker and KRaft configuration reference, 4.4; Kafka's broker configuration reference, 3.9.
 */
export function kafkaProperties(settings: Settings, id: number, logDirectory: string): string {
  const port = (node: number, listener: string): number => settings.ports[`kafka-${node}-${listener}` as PortName];
  const zookeeper = settings.coordination === "zookeeper";
  const own = (name: string): string =>
    listener(name, name === "client" ? ownPort(settings, kafkaName(id)) : port(id, name));
  const kraft = {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": KAFKA_IDS.map((node) => `${node}@127.0.0.1:${port(node, "controller")}`).join(","),
    "controller.listener.names": "CONTROLLER",
  };
  const properties: Record<string, string | number> = {
    ...(zookeeper ? { "broker.id": id, "zookeeper.connect": `127.0.0.1:${settings.ports.zookeeper}` } : kraft),
    listeners: ["client", "broker", ...(zookeeper ? [] : ["controller"])].map(own).join(","),
    // Clients are told the client port, which a link may have.
    "advertised.listeners": ["client", "broker"].map((name) => listener(name, port(id, name))).join(","),
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "log.dirs": logDirectory,
  };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  const shared = ["common.properties", zookeeper ? "zookeeper/broker.properties" : "kraft.properties"];
  const texts = shared.map((file) => readFileSync(join(ROOT, "platform/kafka", file), "utf8"));
  return lines
    .concat(settings.field_defaults === true ? texts.map((text) => withoutOurs("broker", text)) : texts)
    .join("");
}

/** Options of the JVM: small, and quick to start. */
export const KAFKA_JVM = [
  "-Xms128m",
  "-Xmx400m",
  "-XX:+UseSerialGC",
  "-XX:+ExitOnOutOfMemoryError",
  "-Djava.awt.headless=true",
];

export function kafkaDirectory(stateDirectory: string, id: number): string {
  return join(stateDirectory, LAYOUT.data, kafkaName(id));
}

/** @param jars directory of Kafka's jars (see kafkaJars). @param archive see kafkaClassArchive. */
export function kafkaSpec(
  settings: Settings,
  stateDirectory: string,
  id: number,
  jars: string,
  archive?: string,
): ProcessSpec {
  const name = kafkaName(id);
  const directory = kafkaDirectory(stateDirectory, id);
  const address = (listener: string): string => `127.0.0.1:${settings.ports[`kafka-${id}-${listener}` as PortName]}`;
  return {
    name,
    kind: "kafka",
    command: javaCommand(),
    args: [
      ...KAFKA_JVM,
      ...archiveOptions(archive),
      ...kafkaLogging(),
      temporaryFiles(directory),
      "-cp",
      `${jars}/*`,
      "kafka.Kafka",
      join(directory, "server.properties"),
    ],
    env: nodeEnvironment(),
    secret_env: {},
    cwd: directory,
    log: join(settings.run_directory, "logs", `${name}.log`),
    addresses: {
      client: address("client"),
      ...behindAddress(settings, name),
      broker: address("broker"),
      ...(settings.coordination === "kraft" ? { controller: address("controller") } : {}),
    },
    restart: "always",
    fatal_exits: {},
    stop: { signal: "SIGTERM", timeout_ms: 10_000 },
  };
}

export function kafkaLogging(): string[] {
  return [`-Dlog4j2.configurationFile=${join(ROOT, "platform/kafka/log4j2.properties")}`];
}

export function bootstrapServers(settings: Settings): string[] {
  return KAFKA_IDS.map((id) => `127.0.0.1:${settings.ports[`kafka-${id}-client` as PortName]}`);
}
