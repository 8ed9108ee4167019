import { describe, expect, it } from "vitest";
import { driverSpec } from "./driver.ts";
import { kafkaProperties, kafkaSpec } from "./kafka.ts";
import { isInEveryIsr } from "../protocol/kafka-readiness.ts";
import { PORT_NAMES, type Ports } from "./ports.ts";
import { unprivilegedUser } from "./postgres-home.ts";
import { POSTGRES_HBA, postgresConfiguration, postgresSpec } from "./postgres.ts";
import { producerSpec } from "./producer.ts";
import { type Settings, workerSlots } from "./settings.ts";
import { sparkMasterSpec, sparkWorkerSpec } from "./spark.ts";

const settings: Settings = {
  version: 1,
  coordination: "kraft",
  clusterId: "4L6g3nShT-eMCtK--X86sw",
  ports: Object.fromEntries(PORT_NAMES.map((name, index) => [name, 21_000 + index])) as Ports,
  runId: "20260101T000000Z-payments",
  run: 1,
  runDirectory: "/runs/20260101T000000Z-payments",
  seed: 1,
  malformedPpm: 0,
  pipeline: "payments",
  pipelineSha256: "00",
  partitions: 12,
  topic: "payments",
  trigger: "realtime",
  createdMs: 0,
  postgres: { dataDirectory: "/state/data/postgres", nativeDirectory: "/native", user: { uid: 65534, gid: 65534 } },
};
const spark = { home: "/spark-home", jvmOptionsFile: "/jvm.options" };
const specs = [
  kafkaSpec(settings, "/state", 1, "/jars"),
  postgresSpec(settings, "/state"),
  sparkMasterSpec(settings, "/state", spark),
  sparkWorkerSpec(settings, "/state", 1, spark),
  driverSpec(settings, "/state", "realtime", spark),
  producerSpec(settings, "/state", { rate: 100, untilTotal: 5 }),
];

describe("every spec", () => {
  it.each(specs)("of $name holds no secret, only the name of its file", (spec) => {
    expect(Object.keys(spec.env).filter((name) => /PASS|SECRET|TOKEN/i.test(name))).toEqual([]);
    expect(JSON.stringify(spec.args)).not.toMatch(/password/i);
    for (const file of Object.values(spec.secretEnv)) expect(file).toBe("/state/secrets/postgres-password");
  });
  it.each(specs)("of $name listens on the loopback only", (spec) => {
    for (const address of Object.values(spec.addresses)) expect(address).toMatch(/^127\.0\.0\.1:21\d{3}$/);
  });
});

it("does not let the caller's environment in", () => {
  process.env["JAVA_TOOL_OPTIONS"] = "-Xmx1t";
  try {
    expect(kafkaSpec(settings, "/state", 1, "/jars").env).not.toHaveProperty("JAVA_TOOL_OPTIONS");
  } finally {
    delete process.env["JAVA_TOOL_OPTIONS"];
  }
});

it("gives each Kafka node three listeners, and clients only what they may use", () => {
  const lines = new Map(
    kafkaProperties(settings, 2, "/log")
      .split("\n")
      .map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  expect(lines.get("listeners")).toBe("CLIENT://127.0.0.1:21003,BROKER://127.0.0.1:21004,CONTROLLER://127.0.0.1:21005");
  expect(lines.get("advertised.listeners")).toBe("CLIENT://127.0.0.1:21003,BROKER://127.0.0.1:21004");
  expect(lines.get("controller.quorum.voters")).toBe("1@127.0.0.1:21002,2@127.0.0.1:21005,3@127.0.0.1:21008");
  expect(lines.get("unclean.leader.election.enable")).toBe("false");
  expect(lines.get("min.insync.replicas")).toBe("2");
});

it("gives one worker alone a slot for every partition", () => {
  expect(workerSlots(3)).toBe(8);
  expect(sparkWorkerSpec(settings, "/state", 2, spark).args.join(" ")).toContain("--cores 12 ");
  expect(driverSpec(settings, "/state", "realtime", spark).args).toContain("-Dspark.cores.max=24");
});

it("lets only our user in, with its password, and is durable", () => {
  expect(POSTGRES_HBA.trim().split("\n")).toEqual(["host faultline faultline 127.0.0.1/32 scram-sha-256"]);
  expect(postgresConfiguration(settings)).toContain("fsync = 'on'\n");
  expect(postgresConfiguration(settings)).toContain("unix_socket_directories = ''\n");
});

it("lends PostgreSQL a user that initdb knows, never root", () => {
  expect(unprivilegedUser("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/false\n")).toEqual({ uid: 65534, gid: 65533 });
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
