/**
 * The settings for time that this project has changed, with the defaults of Kafka 4.4 and Spark 4.2, which most pipelines run with. A stack with
 * `field_defaults` (`./faultline bench recovery --variants defaults`) has these defaults instead: it leaves our settings out. Only the producer, whose
 * client library has defaults of its own, is given these values. Everything else stays: durability (acks, replicas, min ISR), and what keeps a
 * stack alive through many faults (restarts without limit, the master's store).
 * Sources: Kafka's broker, producer and consumer configuration references, 4.4 (3.9 with ZooKeeper); Spark's configuration and standalone pages, 4.2.
 */
export const FIELD_DEFAULTS = {
  broker: {
    "broker.session.timeout.ms": "9000",
    "broker.heartbeat.interval.ms": "2000",
    "replica.lag.time.max.ms": "30000",
    "replica.fetch.backoff.ms": "1000",
    "controller.quorum.fetch.timeout.ms": "2000",
    "controller.quorum.election.timeout.ms": "1000",
    "controller.quorum.election.backoff.max.ms": "1000",
    "controller.quorum.request.timeout.ms": "2000",
    "leader.imbalance.check.interval.seconds": "300",
    "zookeeper.session.timeout.ms": "18000",
    "controlled.shutdown.retry.backoff.ms": "5000",
  },
  producer: {
    "request.timeout.ms": "30000",
    "delivery.timeout.ms": "120000",
    "socket.connection.setup.timeout.ms": "10000",
    "metadata.max.age.ms": "300000",
  },
  /** Of the job's Kafka source; the prefix `kafka.` is Spark's. */
  consumer: {
    "kafka.request.timeout.ms": "30000",
    "kafka.fetch.max.wait.ms": "500",
    "kafka.default.api.timeout.ms": "60000",
    "kafka.metadata.max.age.ms": "300000",
    "kafka.socket.connection.setup.timeout.ms": "10000",
    "kafka.socket.connection.setup.timeout.max.ms": "30000",
    "kafka.reconnect.backoff.max.ms": "1000",
    "kafka.retry.backoff.ms": "100",
    "kafka.retry.backoff.max.ms": "1000",
    "kafkaConsumer.pollTimeoutMs": "120000",
  },
  /** Of the driver and its executors. */
  spark: {
    "spark.network.timeout": "120s",
    "spark.network.timeoutInterval": "60s",
    "spark.executor.heartbeatInterval": "10s",
    "spark.storage.blockManagerHeartbeatTimeoutMs": "120s",
    "spark.rpc.askTimeout": "120s",
  },
  /** Of master and workers. */
  "spark daemons": {
    "spark.worker.timeout": "60",
    "spark.deploy.recoveryTimeout": "60s",
  },
} as const satisfies Record<string, Record<string, string>>;
export type DefaultsPart = keyof typeof FIELD_DEFAULTS;

/** Settings for time that stay as they are, also in a stack with the field's defaults. */
export const KEPT_SETTINGS: Record<string, string> = {
  "group.initial.rebalance.delay.ms": "no consumer of the pipeline is in a group",
  "log.retention.ms": "the validator reads the whole log",
  "zookeeper.connection.timeout.ms": "only a start waits for it",
  "spark.worker.cleanup.interval": "a matter of disk space",
};

/** @returns the lines of a properties file (`name=value`, or `name value`) that the field has changed nothing of: our settings of this part are left out. */
export function withoutOurs(part: DefaultsPart, lines: string): string {
  return lines
    .split("\n")
    .filter((line) => !isOfPart(part, line.split(/[=\s]/, 1)[0] ?? ""))
    .join("\n");
}

/** The same of properties in memory. */
export function keepTheirs<T>(part: DefaultsPart, properties: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !isOfPart(part, name)));
}

function isOfPart(part: DefaultsPart, name: string): boolean {
  return Object.hasOwn(FIELD_DEFAULTS[part], name);
}
