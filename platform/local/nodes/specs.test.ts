import { describe, expect, it } from "vitest";
import { parseNodes } from "../../../monitor/sources/nodes/node-list.ts";
import { JOB_FATAL_EXIT_CODES } from "../../../contract/job.ts";
import { driverSpec } from "./driver.ts";
import { kafkaProperties, kafkaSpec } from "./kafka.ts";
import { isInEveryIsr } from "../../protocol/kafka-readiness.ts";
import { PORT_NAMES, usesPort } from "../state/ports.ts";
import { plannedNodes } from "../stack/planned-nodes.ts";
import { testSettings } from "../fixture/settings.ts";
import { unprivilegedUser } from "./postgres-home.ts";
import { POSTGRES_HBA, postgresConfiguration, postgresSpec } from "./postgres.ts";
import { monitorSpec } from "./monitor.ts";
import { producerSpec } from "./producer.ts";
import { DRIVERS, executorSlots, type Settings, workerSlots } from "../state/settings.ts";
import { sparkMasterSpec, sparkWorkerSpec } from "./spark.ts";
import { zookeeperProperties, zookeeperSpec } from "./zookeeper.ts";

const settings = testSettings();
const withZookeeper: Settings = { ...settings, coordination: "zookeeper" };
const spark = { home: "/spark-home", jvmOptionsFile: "/jvm.options", classPath: "/spark-home/jars/job.jar" };
const specs = [
  kafkaSpec(settings, "/state", 1, "/jars"),
  { ...kafkaSpec(withZookeeper, "/state", 2, "/jars-3.9"), name: "kafka-2 with ZooKeeper" },
  zookeeperSpec(withZookeeper, "/state", "/jars-3.9"),
  postgresSpec(settings, "/state"),
  sparkMasterSpec(settings, "/state", spark),
  sparkWorkerSpec(settings, "/state", 1, spark),
  driverSpec(settings, "/state", "realtime", spark),
  producerSpec(settings, "/state", { rate: 100, untilTotal: 5 }),
  monitorSpec(settings, "/state"),
];

describe("every spec", () => {
  it.each(specs)("of $name holds no secret, only the name of its file", (spec) => {
    expect(Object.keys(spec.env).filter((name) => /PASS|SECRET|TOKEN/i.test(name))).toEqual([]);
    expect(JSON.stringify(spec.args)).not.toMatch(/password/i);
    for (const file of Object.values(spec.secret_env)) expect(file).toBe("/state/secrets/postgres-password");
  });
  it.each(specs)("of $name listens on the loopback only", (spec) => {
    for (const address of Object.values(spec.addresses)) expect(address).toMatch(/^127\.0\.0\.1:21\d{3}$/);
  });
});

it.each([
  ["kraft", false],
  ["zookeeper", true],
] as const)(
  "tells the monitor every node of a stack with %s (a standby driver: %s), and where",
  (coordination, standby) => {
    const { args } = monitorSpec({ ...settings, coordination, standby }, "/state");
    const asked = parseNodes(args[args.indexOf("--nodes") + 1] ?? "", "--nodes");
    const planned = plannedNodes({ coordination, standby }).map(({ name, kind }) => `${name} ${kind}`);
    expect(asked.map(({ name, kind }) => `${name} ${kind}`).toSorted()).toEqual(planned);
    const where = (name: string) => asked.find((node) => node.name === name)?.address;
    expect(where("kafka-1")).toBe(kafkaSpec(settings, "/state", 1, "/jars").addresses["client"]);
    expect(where("spark-master")).toBe(sparkMasterSpec(settings, "/state", spark).addresses["web"]);
    expect(where("spark-worker-1")).toBe(sparkWorkerSpec(settings, "/state", 1, spark).addresses["web"]);
    expect(where("postgres")).toBe(postgresSpec(settings, "/state").addresses["sql"]);
  },
);

it("does not let the caller's environment in", () => {
  process.env["JAVA_TOOL_OPTIONS"] = "-Xmx1t";
  try {
    expect(kafkaSpec(settings, "/state", 1, "/jars").env).not.toHaveProperty("JAVA_TOOL_OPTIONS");
  } finally {
    delete process.env["JAVA_TOOL_OPTIONS"];
  }
});

function parsed(properties: string): Map<string, string> {
  const lines = properties.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
}

it("gives each Kafka node three listeners, and clients only what they may use", () => {
  const lines = parsed(kafkaProperties(settings, 2, "/log"));
  expect(lines.get("listeners")).toBe("CLIENT://127.0.0.1:21003,BROKER://127.0.0.1:21004,CONTROLLER://127.0.0.1:21005");
  expect(lines.get("advertised.listeners")).toBe("CLIENT://127.0.0.1:21003,BROKER://127.0.0.1:21004");
  expect(lines.get("controller.quorum.voters")).toBe("1@127.0.0.1:21002,2@127.0.0.1:21005,3@127.0.0.1:21008");
  expect(lines.get("unclean.leader.election.enable")).toBe("false");
  expect(lines.get("min.insync.replicas")).toBe("2");
  // Kafka's own rule (KafkaConfig): a session has room for two heartbeats.
  const [session, heartbeat] = ["broker.session.timeout.ms", "broker.heartbeat.interval.ms"].map((name) =>
    Number(lines.get(name)),
  );
  expect(session).toBeGreaterThanOrEqual(2 * (heartbeat as number));
});

it("gives a broker with ZooKeeper its address and what all brokers have, and nothing of KRaft", () => {
  const lines = parsed(kafkaProperties(withZookeeper, 2, "/log"));
  expect(lines.get("broker.id")).toBe("2");
  expect(lines.get("zookeeper.connect")).toBe(zookeeperSpec(withZookeeper, "/state", "/jars").addresses["client"]);
  expect(lines.get("listeners")).toBe("CLIENT://127.0.0.1:21003,BROKER://127.0.0.1:21004");
  expect(kafkaSpec(withZookeeper, "/state", 2, "/jars").addresses).not.toHaveProperty("controller");
  // node.id or process.roles would make it a node of KRaft.
  expect(
    [...lines.keys()].filter((key) => /^(node\.id|process\.roles|controller\.(quorum|listener))/.test(key)),
  ).toEqual([]);
  expect(lines.get("unclean.leader.election.enable")).toBe("false");
  expect(lines.get("min.insync.replicas")).toBe("2");
  // A dead broker is noticed about as soon as with KRaft, which looks for dead ones eight times per session.
  const session = Number(parsed(kafkaProperties(settings, 2, "/log")).get("broker.session.timeout.ms"));
  expect(Number(lines.get("zookeeper.session.timeout.ms"))).toBeLessThanOrEqual(session * 1.125);
});

it("lets ZooKeeper listen on the loopback only, end sessions when brokers ask it to, and answer srvr", () => {
  const lines = parsed(zookeeperProperties(withZookeeper, "/state/data/zookeeper/data"));
  expect(lines.get("clientPortAddress")).toBe("127.0.0.1");
  expect(lines.get("dataDir")).toBe("/state/data/zookeeper/data");
  expect(lines.get("admin.enableServer")).toBe("false");
  expect(lines.get("4lw.commands.whitelist")?.split(",")).toContain("srvr");
  // ZooKeeper moves a session's timeout into 2 to 20 ticks.
  const session = Number(parsed(kafkaProperties(withZookeeper, 1, "/log")).get("zookeeper.session.timeout.ms"));
  const tick = Number(lines.get("tickTime"));
  expect(session).toBeGreaterThanOrEqual(2 * tick);
  expect(session).toBeLessThanOrEqual(20 * tick);
});

it("asks for no port that the coordination has no use for", () => {
  expect(PORT_NAMES.filter((name) => !usesPort("kraft", name))).toEqual(["zookeeper"]);
  expect(PORT_NAMES.filter((name) => !usesPort("zookeeper", name))).toEqual([
    "kafka-1-controller",
    "kafka-2-controller",
    "kafka-3-controller",
  ]);
});

it("gives one worker alone a slot for every partition", () => {
  expect(workerSlots({ partitions: 3, standby: false })).toBe(8);
  expect(sparkWorkerSpec(settings, "/state", 2, spark).args.join(" ")).toContain("--cores 12 --memory 3g ");
  expect(driverSpec(settings, "/state", "realtime", spark).args).toContain("-Dspark.cores.max=24");
});

it("gives each of two drivers an executor on each worker, and none a place for two", () => {
  for (const partitions of [1, 6, 7, 8, 12, 40]) {
    const [first, second] = DRIVERS.map((driver) => executorSlots({ partitions, standby: true }, driver));
    const worker = workerSlots({ partitions, standby: true });
    expect(Math.min(first as number, second as number), `${partitions}`).toBeGreaterThanOrEqual(partitions);
    expect(worker).toBe((first as number) + (second as number));
    expect(2 * (first as number)).toBeGreaterThan(worker);
  }
  const both = { ...settings, standby: true };
  expect(sparkWorkerSpec(both, "/state", 2, spark).args.join(" ")).toContain("--cores 25 --memory 6g ");
  const { args } = driverSpec(both, "/state", "realtime", spark, "driver-2");
  expect(args).toEqual(expect.arrayContaining(["-Dspark.executor.cores=12", "-Dspark.cores.max=24"]));
});

it("starts two drivers that share nothing but the right to write, and a lone one as it always was", () => {
  const both = { ...settings, standby: true };
  const [first, second] = DRIVERS.map((name) => driverSpec(both, "/state", "realtime", spark, name));
  const flag = (spec: typeof first, name: string) => spec?.args[spec.args.indexOf(name) + 1];
  for (const spec of [first, second]) {
    expect(spec?.args).toContain("--standby");
    expect(flag(spec, "--driver-name")).toBe(spec?.name);
    expect(flag(spec, "--status-file")).toBe(`/state/data/${spec?.name}-status.json`);
    expect(spec?.restart_delay_ms).toBe(3_000);
  }
  expect([flag(first, "--home-workers"), flag(second, "--home-workers")]).toEqual(["spark-worker-1", "spark-worker-2"]);
  expect(sparkWorkerSpec(settings, "/state", 2, spark).env["SPARK_EXECUTOR_ATTRIBUTE_WORKER"]).toBe("spark-worker-2");
  for (const own of ["cwd", "log", "name"] as const) expect(first?.[own]).not.toBe(second?.[own]);
  expect(flag(first, "--checkpoint")).not.toBe(flag(second, "--checkpoint"));
  const lone = driverSpec(settings, "/state", "realtime", spark);
  expect(lone.args.filter((word) => /standby|driver-name|home-workers/.test(word))).toEqual([]);
  expect(lone.restart_delay_ms).toBeUndefined();
});

it("gives each JVM of Spark one class path and the archive, and executors the same before their own", () => {
  const trained = { ...spark, archive: "/spark home.jsa" };
  const jvms = [
    sparkMasterSpec(settings, "/state", trained),
    sparkWorkerSpec(settings, "/state", 1, trained),
    driverSpec(settings, "/state", "realtime", trained),
  ];
  for (const { args, name } of jvms) {
    expect(args[args.indexOf("-cp") + 1], name).toBe("/spark-home/jars/job.jar");
    expect(args, name).toContain("-XX:SharedArchiveFile=/spark home.jsa");
  }
  expect(jvms[2]?.args).toContain("-Dspark.executor.extraClassPath=/spark-home/jars/job.jar");
  expect(jvms[2]?.args).toContain(
    '-Dspark.executor.defaultJavaOptions=-XX:SharedArchiveFile="/spark home.jsa" -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0',
  );
  // Without an archive nothing names one: a JVM that can't find its archive says so at each start.
  expect(JSON.stringify(driverSpec(settings, "/state", "realtime", spark))).not.toContain("SharedArchiveFile");
});

it("does not start the job again after an exit that no start can cure, and says what the exit means", () => {
  const exits = driverSpec(settings, "/state", "realtime", spark).fatal_exits;
  expect(Object.keys(exits).map(Number)).toEqual([...JOB_FATAL_EXIT_CODES]);
  expect(exits[10]).toBe("a newer driver has claimed the table");
  for (const meaning of Object.values(exits)) expect(meaning).toMatch(/\w+ \w+/);
});

it("lets only our user in, with its password, and is durable", () => {
  expect(POSTGRES_HBA.trim().split("\n")).toEqual(["host faultline faultline 127.0.0.1/32 scram-sha-256"]);
  expect(postgresConfiguration(settings)).toContain("fsync = 'on'\n");
  expect(postgresConfiguration(settings)).toContain("unix_socket_directories = ''\n");
});

it("lends PostgreSQL a user that initdb knows, never root", () => {
  expect(unprivilegedUser("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/false\n")).toEqual({
    uid: 65534,
    gid: 65533,
  });
  expect(unprivilegedUser("nobody:x:65534:65534::/:\npostgres:x:101:104::/:\n")).toEqual({ uid: 101, gid: 104 });
  expect(unprivilegedUser("root:x:0:0::/root:/bin/sh\n")).toBeUndefined();
});

it("counts a broker as ready only in every ISR that it belongs to", () => {
  const partition = { topic: "t", partition: 0, leader: 1, leaderEpoch: 0 };
  const view = {
    clusterId: "c",
    brokers: [1, 2, 3],
    partitions: [
      { ...partition, replicas: [1, 2, 3], isr: [1, 2, 3] },
      { ...partition, replicas: [1, 2], isr: [1] },
    ],
  };
  expect(isInEveryIsr(view, 3)).toBe(true);
  expect(isInEveryIsr(view, 2)).toBe(false);
  expect(isInEveryIsr({ ...view, brokers: [1, 2] }, 3)).toBe(false);
});
