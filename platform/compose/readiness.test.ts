import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nodeOfService, type NodeContainer } from "./containers.ts";
import type { ContainerInspect } from "./engine-api.ts";
import { nodeIsReady } from "./readiness.ts";

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
  for (const page of [standby, master]) web.push(await listening(createHttpServer((_, response) => response.end(JSON.stringify(page)))));
});
beforeEach(() => Object.assign(master, { status: "ALIVE", workers: [], activeapps: [] }));
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(runDirectory, { recursive: true });
});

/** A node whose addresses lead here. */
function node(service: string, addresses: Record<string, string> = {}, state: "running" | "down" = "running"): NodeContainer {
  const found = nodeOfService(service);
  if (found === undefined) throw new Error(service);
  const networks = { p_default: { IPAddress: "172.30.0.9" } };
  const inspect = { Config: { Labels: {}, Hostname: service }, NetworkSettings: { Networks: networks } } as unknown as ContainerInspect;
  return { service, inspect, status: { ...found, addresses, state, starts: STARTED_MS, log: "" } };
}

function say(who: "driver" | "producer", status: object): void {
  writeFileSync(join(runDirectory, `${who}-status.json`), JSON.stringify(status));
}

async function ready(name: string, sinceMs?: number, state: "running" | "down" = "running"): Promise<boolean> {
  const postgres = { host: "127.0.0.1", port: 1, database: "d", user: "u", passwordFile: "/nowhere" };
  const masters = [node("spark-master", { web: web[0] as string }), node("spark-master-2", { web: web[1] as string })];
  const nodes = [...masters, node("spark-worker-1"), node("spark", {}, state), node("producer", {}, state)];
  return nodeIsReady({ project: "p", runDirectory, postgres, nodes }, name, sinceMs);
}

describe("Spark, with two masters", () => {
  it("a master is ready as leader and as standby, not while it recovers", async () => {
    expect([await ready("spark-master"), await ready("spark-master-2")]).toEqual([true, true]);
    master.status = "RECOVERING";
    expect(await ready("spark-master-2")).toBe(false);
  });

  it.each(["spark-worker-1", "172.30.0.9"])("a worker is ready when the leader has it, as %s, alive", async (host) => {
    expect(await ready("spark-worker-1")).toBe(false);
    master.workers = [
      { host: "spark-worker-2", port: 1, state: "ALIVE" },
      { host, port: 1, state: "DEAD" },
    ];
    expect(await ready("spark-worker-1")).toBe(false);
    master.workers.push({ host, port: 2, state: "ALIVE" });
    expect(await ready("spark-worker-1")).toBe(true);
    master.status = "STANDBY";
    expect(await ready("spark-worker-1")).toBe(false);
  });

  it("the driver is ready when this life of it says so, and the leader, if there is one, has it running", async () => {
    expect(await ready("driver")).toBe(false);
    say("driver", { state: "running", at_ms: STARTED_MS + 1 });
    expect(await ready("driver")).toBe(false);
    master.activeapps = [{ state: "WAITING" }];
    expect(await ready("driver")).toBe(false);
    master.activeapps = [{ state: "RUNNING" }];
    expect([await ready("driver"), await ready("driver", undefined, "down")]).toEqual([true, false]);
    say("driver", { state: "running", at_ms: STARTED_MS - 1 });
    expect(await ready("driver")).toBe(false);
    say("driver", { state: "restarting", at_ms: STARTED_MS + 1 });
    expect(await ready("driver")).toBe(false);
    say("driver", { state: "running", at_ms: STARTED_MS + 1 });
    Object.assign(master, { status: "STANDBY", activeapps: [] });
    expect(await ready("driver")).toBe(true);
  });
});

it("the producer is ready when this life of it got an acknowledgement since then, or it is done", async () => {
  expect(await ready("producer")).toBe(false);
  say("producer", { state: "producing", at_ms: STARTED_MS + 100, last_ack_ms: STARTED_MS + 50 });
  expect([await ready("producer", STARTED_MS + 50), await ready("producer", STARTED_MS + 51)]).toEqual([true, false]);
  expect(await ready("producer", 1, "down")).toBe(false);
  say("producer", { state: "producing", at_ms: STARTED_MS - 100, last_ack_ms: STARTED_MS - 150 });
  expect(await ready("producer", 1)).toBe(false);
  say("producer", { state: "done", at_ms: STARTED_MS - 100, last_ack_ms: STARTED_MS - 150 });
  expect(await ready("producer", STARTED_MS, "down")).toBe(true);
});
