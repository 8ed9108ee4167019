import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DriverStatus } from "../../contract/job.ts";
import type { NodeKind, NodeStatus } from "../../contract/node.ts";
import type { ProducerStatus } from "../../contract/run.ts";
import { nodeIsReady, readDriverStatus, readProducerStatus } from "./node-readiness.ts";

const STARTED_MS = Date.parse("2026-01-01T00:00:10Z");
const servers: Server[] = [];
let runDirectory: string;
const master = { status: "STANDBY", workers: [] as object[], activeapps: [] as object[] };
const standby = { status: "STANDBY", workers: [], activeapps: [] };
const web: string[] = [];

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  runDirectory = mkdtempSync(join(tmpdir(), "faultline-ready-"));
  for (const page of [standby, master])
    web.push(await listening(createHttpServer((_, response) => response.end(JSON.stringify(page)))));
});
beforeEach(() => Object.assign(master, { status: "ALIVE", workers: [], activeapps: [] }));
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(runDirectory, { recursive: true });
});

type State = "running" | "down";

/** A node whose addresses lead here. */
function node(
  name: string,
  kind: NodeKind,
  addresses: Record<string, string> = {},
  state: State = "running",
): NodeStatus {
  return { name, kind, addresses, state, starts: STARTED_MS, log: "" };
}

const driverFile = (): string => join(runDirectory, "driver-status.json");
const samplesFile = (): string => join(runDirectory, "samples.ndjson");
const producerFile = (): string => join(runDirectory, "producer-status.json");

function driverSays(status: Pick<DriverStatus, "state" | "at_ms">): void {
  const file: DriverStatus = {
    version: 2,
    generation: 1,
    trigger: "realtime",
    pid: 1,
    error: null,
    partitions: [],
    ...status,
  };
  writeFileSync(driverFile(), JSON.stringify(file));
}

function producerSays(status: Pick<ProducerStatus, "state" | "at_ms" | "last_ack_ms">): void {
  const counts = { attempted: 0, acknowledged: 0, indeterminate: 0, backlog: 0, throttled: 0 };
  const file: ProducerStatus = {
    version: 2,
    pid: 1,
    ledger: { lines: 0, crc: "00000000" },
    ...counts,
    partitions: [],
    error: null,
    ...status,
  };
  writeFileSync(producerFile(), JSON.stringify(file));
}

function worker(host: string, port: number, state: string): object {
  return { id: `worker-${port}`, host, port, state };
}

function app(state: string): object {
  return { id: "app-1", name: "faultline", state };
}

async function ask(nodes: NodeStatus[], name: string, sinceMs?: number): Promise<boolean> {
  const question = {
    nodes,
    postgres: { host: "127.0.0.1", port: 1, database: "d", user: "u", password_file: "/nowhere" },
    producerStatusFile: producerFile(),
    driverStatusFile: driverFile(),
    samplesFile: samplesFile(),
    isWorker: (item: NodeStatus, { host }: { host?: string | undefined }) =>
      [item.name, "172.30.0.9"].includes(host ?? ""),
    isOfThisLife: ({ starts }: NodeStatus, { at_ms }: { at_ms: number }) => at_ms > starts,
  };
  return nodeIsReady(question, name, sinceMs);
}

/** Of a stack with two masters, of which the second one may lead. */
async function ready(name: string, sinceMs?: number, state: State = "running"): Promise<boolean> {
  const nodes = [
    node("spark-master", "spark-master", { web: web[0] as string }),
    node("spark-master-2", "spark-master", { web: web[1] as string }),
    node("spark-worker-1", "spark-worker"),
    node("driver", "driver", {}, state),
    node("producer", "producer", {}, state),
    node("monitor", "monitor", {}, state),
  ];
  return ask(nodes, name, sinceMs);
}

/** The readiness of the master of a stack with one master, and with a worker in this state or none. */
async function alone(workerState?: State): Promise<boolean> {
  const workers = workerState === undefined ? [] : [node("spark-worker-1", "spark-worker", {}, workerState)];
  return ask([node("spark-master", "spark-master", { web: web[1] as string }), ...workers], "spark-master");
}

describe("Spark, with two masters", () => {
  it("a master is ready as leader and as standby, not while it recovers", async () => {
    expect([await ready("spark-master"), await ready("spark-master-2")]).toEqual([true, true]);
    master.status = "RECOVERING";
    expect(await ready("spark-master-2")).toBe(false);
  });

  it.each(["spark-worker-1", "172.30.0.9"])("a worker is ready when the leader has it, as %s, alive", async (host) => {
    expect(await ready("spark-worker-1")).toBe(false);
    master.workers = [worker("spark-worker-2", 1, "ALIVE"), worker(host, 1, "DEAD")];
    expect(await ready("spark-worker-1")).toBe(false);
    master.workers.push(worker(host, 2, "ALIVE"));
    expect(await ready("spark-worker-1")).toBe(true);
    master.status = "STANDBY";
    expect(await ready("spark-worker-1")).toBe(false);
  });

  it("the driver is ready when this life of it says so, and the leader, if there is one, has it running", async () => {
    expect(await ready("driver")).toBe(false);
    driverSays({ state: "running", at_ms: STARTED_MS + 1 });
    expect(await ready("driver")).toBe(false);
    master.activeapps = [app("WAITING")];
    expect(await ready("driver")).toBe(false);
    master.activeapps = [app("RUNNING")];
    expect([await ready("driver"), await ready("driver", undefined, "down")]).toEqual([true, false]);
    driverSays({ state: "running", at_ms: STARTED_MS - 1 });
    expect(await ready("driver")).toBe(false);
    driverSays({ state: "restarting", at_ms: STARTED_MS + 1 });
    expect(await ready("driver")).toBe(false);
    driverSays({ state: "running", at_ms: STARTED_MS + 1 });
    Object.assign(master, { status: "STANDBY", activeapps: [] });
    expect(await ready("driver")).toBe(true);
  });
});

describe("Spark, with one master", () => {
  it("the master is ready when it has a worker alive, unless no worker runs", async () => {
    expect([await alone("running"), await alone("down"), await alone()]).toEqual([false, true, true]);
    master.workers = [worker("spark-worker-1", 1, "DEAD")];
    expect(await alone("running")).toBe(false);
    master.workers = [worker("spark-worker-1", 1, "ALIVE")];
    expect(await alone("running")).toBe(true);
    master.status = "RECOVERING";
    expect(await alone("running")).toBe(false);
  });

  it("a leader beside another master is ready without a worker", async () => {
    expect([await alone("running"), await ready("spark-master-2")]).toEqual([false, true]);
  });
});

it("the producer is ready when this life of it got an acknowledgement since then, or it is done", async () => {
  expect(await ready("producer")).toBe(false);
  producerSays({ state: "producing", at_ms: STARTED_MS + 100, last_ack_ms: STARTED_MS + 50 });
  expect([await ready("producer", STARTED_MS + 50), await ready("producer", STARTED_MS + 51)]).toEqual([true, false]);
  expect(await ready("producer", 1, "down")).toBe(false);
  producerSays({ state: "producing", at_ms: STARTED_MS - 100, last_ack_ms: STARTED_MS - 150 });
  expect(await ready("producer", 1)).toBe(false);
  producerSays({ state: "done", at_ms: STARTED_MS - 100, last_ack_ms: STARTED_MS - 150 });
  expect(await ready("producer", STARTED_MS, "down")).toBe(true);
});

it("a status file that is torn, or of another version, says nothing", () => {
  for (const text of ["", '{"version":1,"state":"run', JSON.stringify({ version: 2, state: "running" })]) {
    writeFileSync(driverFile(), text);
    writeFileSync(producerFile(), text);
    expect([readDriverStatus(driverFile()), readProducerStatus(producerFile())]).toEqual([undefined, undefined]);
  }
});

it("the monitor is ready while it writes samples, and since a time only by a sample of then", async () => {
  expect(await ready("monitor")).toBe(false);
  writeFileSync(samplesFile(), "");
  expect(await ready("monitor")).toBe(false);
  writeFileSync(samplesFile(), "{}\n");
  const nowS = Date.now() / 1000;
  utimesSync(samplesFile(), nowS, nowS - 3);
  expect([await ready("monitor"), await ready("monitor", undefined, "down")]).toEqual([true, false]);
  expect([await ready("monitor", Date.now() - 4_000), await ready("monitor", Date.now())]).toEqual([true, false]);
  utimesSync(samplesFile(), nowS, nowS - 6);
  expect(await ready("monitor")).toBe(false);
});
