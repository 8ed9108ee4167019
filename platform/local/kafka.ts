import { join } from "node:path";
import { KAFKA_IDS, type Settings } from "./settings.ts";
import { javaCommand, LAYOUT, nodeEnvironment, ROOT } from "./layout.ts";
import type { ProcessSpec } from "./node-files.ts";
import type { PortName } from "./ports.ts";

export const kafkaName = (id: number): string => `kafka-${id}`;

/** The server.properties of one combined broker and controller. Sources: Kafka's broker and KRaft configuration reference, 4.4. */
export function kafkaProperties(settings: Settings, id: number, logDirectory: string): string {
  const port = (node: number, listener: string): number => settings.ports[`kafka-${node}-${listener}` as PortName];
  const listeners = ["client", "broker", "controller"].map((listener) => `${listener.toUpperCase()}://127.0.0.1:${port(id, listener)}`);
  const properties: Record<string, string | number> = {
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": KAFKA_IDS.map((node) => `${node}@127.0.0.1:${port(node, "controller")}`).join(","),
    listeners: listeners.join(","),
    "advertised.listeners": listeners.slice(0, 2).join(","),
    "listener.security.protocol.map": "CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": logDirectory,
    "default.replication.factor": 3,
    "min.insync.replicas": 2,
    "unclean.leader.election.enable": "false",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": 3,
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.replication.factor": 3,
    "transaction.state.log.min.isr": 2,
    "transaction.state.log.num.partitions": 3,
    "share.coordinator.state.topic.replication.factor": 3,
    "share.coordinator.state.topic.min.isr": 2,
    // A dead or paused broker is fenced, and its partitions led by others, after this time.
    "broker.session.timeout.ms": 4000,
    "broker.heartbeat.interval.ms": 500,
    "replica.lag.time.max.ms": 10000,
    "group.initial.rebalance.delay.ms": 0,
    // The validator reads the whole log again: nothing may expire while a run lives.
    "log.retention.ms": -1,
    "log.retention.bytes": -1,
    // Leadership goes back to the preferred replica soon after a broker's return, so that leaders stay spread over the brokers.
    "leader.imbalance.check.interval.seconds": 10,
    "controlled.shutdown.enable": "true",
    "num.network.threads": 2,
    "num.io.threads": 4,
    "num.recovery.threads.per.data.dir": 2,
    "log.cleaner.dedupe.buffer.size": 16777216,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Options of the JVM: small, and quick to start. */
export const KAFKA_JVM = ["-Xms128m", "-Xmx400m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true"];

export function kafkaDirectory(stateDirectory: string, id: number): string {
  return join(stateDirectory, LAYOUT.data, kafkaName(id));
}

/** @param jars directory of Kafka's jars (see kafkaJars). @param archive see kafkaClassArchive. */
export function kafkaSpec(settings: Settings, stateDirectory: string, id: number, jars: string, archive?: string): ProcessSpec {
  const name = kafkaName(id);
  const directory = kafkaDirectory(stateDirectory, id);
  const address = (listener: string): string => `127.0.0.1:${settings.ports[`kafka-${id}-${listener}` as PortName]}`;
  return {
    name,
    kind: "kafka",
    command: javaCommand(),
    args: [
      ...KAFKA_JVM,
      ...(archive === undefined ? [] : [`-XX:SharedArchiveFile=${archive}`]),
      ...kafkaLogging(),
      "-cp",
      `${jars}/*`,
      "kafka.Kafka",
      join(directory, "server.properties"),
    ],
    env: nodeEnvironment(),
    secretEnv: {},
    cwd: directory,
    log: join(settings.runDirectory, "logs", `${name}.log`),
    addresses: { client: address("client"), broker: address("broker"), controller: address("controller") },
    restart: "always",
    fatalExitCodes: [],
    stop: { signal: "SIGTERM", timeoutMs: 10_000 },
  };
}

export function kafkaLogging(): string[] {
  return [`-Dlog4j2.configurationFile=${join(ROOT, "platform/kafka/log4j2.properties")}`];
}

export function bootstrapServers(settings: Settings): string[] {
  return KAFKA_IDS.map((id) => `127.0.0.1:${settings.ports[`kafka-${id}-client` as PortName]}`);
}
