import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { DriverStatus } from "../../../contract/job.ts";
import type { ProducerStatus } from "../../../contract/run.ts";
import { TestPostgres, until } from "../../fixture/postgres.ts";
import { FakeKafka } from "../../witness/fixture/fake-kafka.ts";
import { parseNodes } from "./node-list.ts";
import { NodeProbes } from "./node-probes.ts";

const DEAD = "127.0.0.1:1";
const MODE = "Zookeeper version: 3.8.4\nMode: standalone\nNode count: 5\n";

let postgres: TestPostgres;
let brokers: FakeKafka[];
let web: HttpServer;
let zookeeper: Server;
let silent: Server;
const pages = new Map<string, string>();
let zookeeperSays = MODE;
let driver: DriverStatus | null;
let second: DriverStatus | null;
let producer: ProducerStatus | null;
let probes: NodeProbes;

const addressOf = (server: Server | HttpServer): string => `127.0.0.1:${(server.address() as { port: number }).port}`;
const listen = async (server: Server | HttpServer) =>
  new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));

beforeAll(async () => {
  postgres = await TestPostgres.create();
  await postgres.start();
  brokers = [await FakeKafka.start("t", 1), await FakeKafka.start("t", 1)];
  web = createHttpServer((request, response) => {
    const page = pages.get(request.url ?? "");
    response.writeHead(page === undefined ? 500 : 200).end(page);
  });
  zookeeper = createServer(
    (socket) => void socket.on("error", () => undefined).once("data", () => socket.end(zookeeperSays)),
  );
  silent = createServer((socket) => void socket.on("error", () => undefined));
  await Promise.all([web, zookeeper, silent].map(listen));
  const nodes = parseNodes(
    `kafka-1=kafka@${brokers[0]?.address},kafka-2=kafka@${brokers[1]?.address},kafka-3=kafka@${DEAD}
     postgres=postgres@127.0.0.1:${postgres.login.port} zookeeper=zookeeper@${addressOf(zookeeper)}
     spark-master=spark-master@${addressOf(web)} spark-master-2=spark-master@${addressOf(silent)} spark-worker-1=spark-worker@${addressOf(web)}
     driver=driver driver-2=driver producer=producer monitor=monitor spark-worker-2=spark-worker`,
    "--nodes",
  );
  probes = new NodeProbes({
    nodes,
    postgres: postgres.login,
    readDriver: (name) => Promise.resolve(name === "driver" ? driver : second),
    readProducer: () => Promise.resolve(producer),
  });
}, 30_000);
afterAll(async () => {
  await probes.close();
  for (const server of [web, zookeeper, silent]) server.close();
  await Promise.all([postgres.remove(), ...brokers.map((broker) => broker.stop())]);
});

beforeEach(() => {
  driver = null;
  second = null;
  producer = null;
  zookeeperSays = MODE;
  pages.set("/json/", JSON.stringify({ status: "ALIVE", workers: [] }));
});

function driverFile(): DriverStatus {
  return {
    version: 3,
    state: "running",
    holder: null,
    generation: 1,
    trigger: "realtime",
    pid: 1,
    at_ms: Date.now(),
    error: null,
    partitions: [],
  };
}

async function shown(): Promise<Record<string, unknown>> {
  const startMs = performance.now();
  const nodes = await probes.ask();
  expect(performance.now() - startMs).toBeLessThan(1_000);
  return Object.fromEntries(nodes.map(({ name, answers, role }) => [name, [answers, role]]));
}

test("each node shows itself by its own protocol; a dead or silent one does not answer, one without an address is not asked", async () => {
  await until(async () => (await shown())["postgres"]?.toString() === "true,primary");
  expect(await shown()).toEqual({
    "kafka-1": [true, "controller"],
    "kafka-2": [true, null],
    "kafka-3": [false, null],
    postgres: [true, "primary"],
    zookeeper: [true, "standalone"],
    "spark-master": [true, "leader"],
    "spark-master-2": [false, null],
    "spark-worker-1": [true, null],
    "spark-worker-2": [null, null],
    driver: [null, null],
    producer: [null, null],
    monitor: [true, null],
  });
});

test("roles move, and what stands by or does not serve says so", async () => {
  for (const broker of brokers) broker.controller = 2;
  pages.set("/json/", JSON.stringify({ status: "STANDBY" }));
  zookeeperSays = "This ZooKeeper instance is not currently serving requests\n";
  expect(await shown()).toMatchObject({
    "kafka-1": [true, null],
    "kafka-2": [true, "controller"],
    "spark-master": [true, "standby"],
    zookeeper: [false, null],
  });
  pages.delete("/json/");
  for (const broker of brokers) broker.controller = -1;
  expect(await shown()).toMatchObject({ "kafka-2": [true, null], "spark-master": [false, null] });
});

test("brokers that are coordinated by ZooKeeper tell the controller by their metadata", async () => {
  for (const broker of brokers) [broker.hasQuorum, broker.controller] = [false, 2];
  await until(async () => (await shown())["kafka-2"]?.toString() === "true,controller");
  expect(await shown()).toMatchObject({ "kafka-1": [true, null], "kafka-2": [true, "controller"] });
  for (const broker of brokers) broker.hasQuorum = true;
});

test("a paused node is seen at once, and again when it goes on", async () => {
  const [first] = brokers;
  for (const broker of brokers) broker.controller = 1;
  if (first === undefined) throw new Error("no broker");
  first.isSilent = true;
  await postgres.signal("SIGSTOP");
  expect(await shown()).toMatchObject({ "kafka-1": [false, null], postgres: [false, null], "kafka-2": [true, null] });
  await postgres.signal("SIGCONT");
  first.isSilent = false;
  await until(async () => {
    const now = await shown();
    return now["kafka-1"]?.toString() === "true,controller" && now["postgres"]?.toString() === "true,primary";
  });
});

test("of two drivers one is active, by the latest claim, and the second one is there as soon as it has said something", async () => {
  const job = driverFile();
  driver = job;
  expect(await shown()).toMatchObject({ driver: [true, null] });
  expect(await shown()).not.toHaveProperty("driver-2");
  second = { ...job, state: "standby", generation: 0 };
  expect(await shown()).toMatchObject({ driver: [true, "active"], "driver-2": [true, "standby"] });
  // The first one was killed: its file is a second old.
  [driver, second] = [
    { ...job, at_ms: job.at_ms - 1_000 },
    { ...job, generation: 2 },
  ];
  expect(await shown()).toMatchObject({ driver: [true, null], "driver-2": [true, "active"] });
  driver = { ...job, at_ms: job.at_ms - 60_000 };
  expect(await shown()).toMatchObject({ driver: [false, null], "driver-2": [true, "active"] });
});

test("driver and producer answer while their status is fresh and does not say that they ended", async () => {
  const job = driverFile();
  const { at_ms } = job;
  const made: ProducerStatus = {
    version: 2,
    pid: 1,
    state: "producing",
    at_ms,
    ledger: { lines: 1, crc: "" },
    attempted: 0,
    acknowledged: 0,
    indeterminate: 0,
    backlog: 0,
    throttled: 0,
    last_ack_ms: 0,
    partitions: [],
    error: null,
  };
  [driver, producer] = [job, made];
  expect(await shown()).toMatchObject({ driver: [true, null], producer: [true, null] });
  [driver, producer] = [
    { ...job, state: "restarting" },
    { ...made, state: "quiesced" },
  ];
  expect(await shown()).toMatchObject({ driver: [true, "restarting"], producer: [true, "quiesced"] });
  [driver, producer] = [
    { ...job, state: "failed" },
    { ...made, state: "done", at_ms: at_ms - 60_000 },
  ];
  expect(await shown()).toMatchObject({ driver: [false, "failed"], producer: [false, "done"] });
  [driver, producer] = [
    { ...job, at_ms: at_ms - 60_000 },
    { ...made, at_ms: at_ms - 60_000 },
  ];
  expect(await shown()).toMatchObject({ driver: [false, null], producer: [false, null] });
});

test("a list of nodes names what is wrong in it", () => {
  expect(parseNodes("", "--nodes")).toEqual([]);
  expect(parseNodes("kafka-1=kafka@[::1]:9092", "--nodes")).toEqual([
    { name: "kafka-1", kind: "kafka", address: "[::1]:9092" },
  ]);
  for (const [text, message] of [
    ["a=kafka@h:1,b=broker", '--nodes: "b=broker" is no node'],
    ["a=kafka@h", '--nodes: "a=kafka@h" is no node'],
    ["a=kafka@h:1 a=driver", '--nodes: "a" is there twice'],
  ] as const)
    expect(() => parseNodes(text, "--nodes")).toThrow(message);
});
