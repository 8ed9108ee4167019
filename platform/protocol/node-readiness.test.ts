import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { NodeKind, NodeStatus } from "../../contract/node.ts";
import type { ProducerStatus } from "../../contract/run.ts";
import { readDriverStatus } from "./driver-readiness.ts";
import { nodeIsReady, readProducerStatus } from "./node-readiness.ts";

const STARTED_MS = Date.now() - 60_000;
const servers: Server[] = [];
let runDirectory: string;
const master = { status: "STANDBY", workers: [] as object[], activeapps: [] as object[] };
const standby = { status: "STANDBY", workers: [], activeapps: [] };
/** The page of the life that the worker has now. */
const workerNow: { id?: string } = {};
const web: string[] = [];

async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  runDirectory = mkdtempSync(join(tmpdir(), "faultline-ready-"));
  for (const page of [standby, master, workerNow])
    web.push(await listening(createHttpServer((_, response) => response.end(JSON.stringify(page)))));
});
beforeEach(() => {
  Object.assign(master, { status: "ALIVE", workers: [], activeapps: [] });
  workerNow.id = "worker-life-2";
});
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

const samplesFile = (): string => join(runDirectory, "samples.ndjson");
const producerFile = (): string => join(runDirectory, "producer-status.json");

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

async function ask(nodes: NodeStatus[], name: string, sinceMs?: number): Promise<boolean> {
  const question = {
    nodes,
    postgres: { host: "127.0.0.1", port: 1, database: "d", user: "u", password_file: "/nowhere" },
    producerStatusFile: producerFile(),
    driverStatusFile: () => "/nowhere",
    samplesFile: samplesFile(),
    healthFile: "/nowhere",
    isOfThisLife: ({ starts }: NodeStatus, { at_ms }: { at_ms: number }) => at_ms > starts,
  };
  return nodeIsReady(question, name, sinceMs);
}

/** Of a stack with two masters, of which the second one may lead. */
async function ready(name: string, sinceMs?: number, state: State = "running"): Promise<boolean> {
  const nodes = [
    node("spark-master", "spark-master", { web: web[0] as string }),
    node("spark-master-2", "spark-master", { web: web[1] as string }),
    node("spark-worker-1", "spark-worker", { web: web[2] as string }),
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

  it("a worker is ready when it answers, and the leader has this life of it alive", async () => {
    expect(await ready("spark-worker-1")).toBe(false);
    master.workers = [
      { id: "worker-life-1", state: "ALIVE" },
      { id: "worker-life-2", state: "DEAD" },
    ];
    expect(await ready("spark-worker-1")).toBe(false);
    master.workers = [{ id: "worker-life-2", state: "ALIVE" }];
    expect(await ready("spark-worker-1")).toBe(true);
    // Paused: the leader still lists it, and it does not say who it is.
    delete workerNow.id;
    expect(await ready("spark-worker-1")).toBe(false);
    workerNow.id = "worker-life-2";
    master.status = "STANDBY";
    expect(await ready("spark-worker-1")).toBe(false);
  });
});

describe("Spark, with one master", () => {
  it("the master is ready when it has a worker alive, unless no worker runs", async () => {
    expect([await alone("running"), await alone("down"), await alone()]).toEqual([false, true, true]);
    master.workers = [{ id: "w", state: "DEAD" }];
    expect(await alone("running")).toBe(false);
    master.workers = [{ id: "w", state: "ALIVE" }];
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

const agoMs = (ms: number): number => Date.now() - ms;

it("without a time, the producer is ready by an acknowledgement of the last 15 s, or by a reason to be silent", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  producerSays({ state: "producing", at_ms: agoMs(0), last_ack_ms: agoMs(15_000) });
  expect(await ready("producer")).toBe(true);
  producerSays({ state: "producing", at_ms: agoMs(0), last_ack_ms: agoMs(15_001) });
  expect(await ready("producer")).toBe(false);
  for (const state of ["quiesced", "draining"] as const) {
    producerSays({ state, at_ms: agoMs(0), last_ack_ms: agoMs(15_001) });
    expect(await ready("producer")).toBe(true);
    producerSays({ state, at_ms: agoMs(15_001), last_ack_ms: agoMs(15_001) });
    expect(await ready("producer")).toBe(false);
  }
});

it("a status file that is torn, or of another version, says nothing", () => {
  for (const text of ["", '{"version":1,"state":"run', JSON.stringify({ version: 2, state: "running" })]) {
    writeFileSync(producerFile(), text);
    expect([readDriverStatus(producerFile()), readProducerStatus(producerFile())]).toEqual([undefined, undefined]);
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
