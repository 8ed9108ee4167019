import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { type Health, partitionHealth } from "../../contract/health.ts";
import type { DriverStatus } from "../../contract/job.ts";
import type { NodeStatus } from "../../contract/node.ts";
import { activeDriver, driverRole, leadingStatus, queryRuns } from "./driver-readiness.ts";
import { nodeIsReady, type ReadinessQuestion } from "./node-readiness.ts";

const master = { status: "ALIVE", workers: [], activeapps: [] as object[] };
const server = createServer((_, response) => response.end(JSON.stringify(master)));
const directory = mkdtempSync(join(tmpdir(), "faultline-driver-ready-"));
// The clock stands still, so that ages are exact however busy the machine is.
vi.useFakeTimers({ toFake: ["Date"] });
const startedMs = Date.now() - 60_000;

beforeAll(async () => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  vi.useRealTimers();
  server.close();
  rmSync(directory, { recursive: true });
});

/** A driver whose query runs, by a file that is so old. */
function driverSays(status: Partial<DriverStatus>, name = "driver"): void {
  const file: DriverStatus = {
    version: 3,
    state: "running",
    holder: null,
    generation: 1,
    trigger: "realtime",
    pid: 1,
    at_ms: Date.now(),
    error: null,
    partitions: [],
    ...status,
  };
  writeFileSync(join(directory, `${name}-status.json`), JSON.stringify(file));
}

/** health.json of partitions that stand still for so long, with records to store. */
function monitorSays(standstillMs: readonly number[], atMs = Date.now()): void {
  const partitions = standstillMs.map((ms, partition) =>
    partitionHealth({ partition, nextOffset: 1, logEnd: 9, unstoredAgeMs: null, movedMs: atMs - ms }, atMs),
  );
  const health: Health = { version: 1, at_ms: atMs, partitions };
  writeFileSync(join(directory, "health.json"), JSON.stringify(health));
}

function ask(state: NodeStatus["state"] = "running"): { question: ReadinessQuestion; driver: NodeStatus } {
  const { port } = server.address() as AddressInfo;
  const node = (name: string, kind: NodeStatus["kind"], addresses = {}): NodeStatus => ({
    name,
    kind,
    addresses,
    starts: startedMs,
    log: "",
    state: kind === "driver" ? state : "running",
  });
  const driver = node("driver", "driver");
  const question = {
    nodes: [node("spark-master", "spark-master", { web: `127.0.0.1:${port}` }), driver],
    postgres: { host: "127.0.0.1", port: 1, database: "d", user: "u", password_file: "/nowhere" },
    producerStatusFile: "/nowhere",
    driverStatusFile: (name: string) => join(directory, `${name}-status.json`),
    samplesFile: "/nowhere",
    healthFile: join(directory, "health.json"),
    isOfThisLife: ({ starts }: NodeStatus, { at_ms }: { at_ms: number }) => at_ms > starts,
  };
  return { question, driver };
}

async function ready(sinceMs?: number, state?: NodeStatus["state"]): Promise<boolean> {
  return nodeIsReady(ask(state).question, "driver", sinceMs);
}

beforeEach(() => {
  for (const file of ["driver-status.json", "driver-2-status.json", "health.json"])
    rmSync(join(directory, file), { force: true });
  master.activeapps = [{ id: "app-1", name: "faultline", state: "RUNNING" }];
  master.status = "ALIVE";
});

it("is ready when this life of it says that the query runs, and the leader, if there is one, has the application", async () => {
  expect(await ready()).toBe(false);
  driverSays({});
  expect([await ready(), await ready(undefined, "paused")]).toEqual([true, false]);
  driverSays({ state: "restarting" });
  expect(await ready()).toBe(false);
  driverSays({ at_ms: startedMs - 1 });
  expect(await ready()).toBe(false);
  driverSays({});
  master.activeapps = [{ id: "app-1", name: "faultline", state: "WAITING" }];
  expect(await ready()).toBe(false);
  master.status = "RECOVERING";
  expect(await ready()).toBe(true);
});

it("is not ready when its file is stale, or from before the given time: it hangs, or was paused", async () => {
  driverSays({ at_ms: Date.now() - 4_000 });
  expect([await ready(), await ready(Date.now() - 5_000), await ready(Date.now() - 3_000)]).toEqual([
    true,
    true,
    false,
  ]);
  driverSays({ at_ms: Date.now() - 5_500 });
  expect([await ready(), await ready(1)]).toEqual([false, false]);
});

it("is not ready while a partition is stuck; a health.json that is stale or damaged says nothing", async () => {
  driverSays({ partitions: [{ partition: 1, error: "offset gap", at_ms: Date.now() }] });
  monitorSays([0, 29_000]);
  expect(await ready()).toBe(true);
  monitorSays([0, 31_000]);
  const { question, driver } = ask();
  expect([await ready(), await queryRuns(question, driver)]).toEqual([false, true]);
  monitorSays([0, 31_000], Date.now() - 5_000);
  expect(await ready()).toBe(false);
  monitorSays([0, 31_000], Date.now() - 5_001);
  expect(await ready()).toBe(true);
  writeFileSync(join(directory, "health.json"), '{"version":1,"at_ms":');
  expect(await ready()).toBe(true);
});

/** A stack with two drivers. @param states of the nodes. */
function pair(...states: [NodeStatus["state"], NodeStatus["state"]]) {
  const { question, driver } = ask(states[0]);
  const second: NodeStatus = { ...driver, name: "driver-2", state: states[1] };
  const both: ReadinessQuestion = { ...question, nodes: [...question.nodes, second] };
  const readyNow = async () => Promise.all(["driver", "driver-2"].map(async (name) => nodeIsReady(both, name)));
  const roles = (): unknown[] => [driverRole(both, driver), driverRole(both, second)];
  return { both, readyNow, roles };
}

it("is ready as a standby while it says so, also while a partition is stuck", async () => {
  driverSays({ generation: 3 });
  driverSays({ state: "standby", generation: 0 }, "driver-2");
  const { readyNow, roles, both } = pair("running", "running");
  expect([await readyNow(), roles()]).toEqual([
    [true, true],
    ["active", "standby"],
  ]);
  monitorSays([31_000]);
  expect(await readyNow()).toEqual([false, true]);
  driverSays({ state: "standby", generation: 0, at_ms: Date.now() - 5_500 }, "driver-2");
  expect([await readyNow(), roles()]).toEqual([
    [false, false],
    ["active", undefined],
  ]);
  expect(activeDriver(both)?.name).toBe("driver");
});

it("is active by the latest claim of those that live: one that was stopped or killed does not know yet that it is not", () => {
  driverSays({ generation: 3, partitions: [{ partition: 0, error: "old", at_ms: 1 }] });
  driverSays({ generation: 4 }, "driver-2");
  const { both, roles } = pair("running", "running");
  expect([activeDriver(both)?.name, roles()]).toEqual(["driver-2", [undefined, "active"]]);
  expect(leadingStatus(both)).toMatchObject({ generation: 4, partitions: [] });
  expect(pair("running", "paused").roles()).toEqual(["active", undefined]);
  expect(pair("down", "down").roles()).toEqual([undefined, undefined]);
  driverSays({ generation: 4, state: "restarting", error: "why" }, "driver-2");
  driverSays({ generation: 3, state: "failed" });
  expect(pair("running", "running").roles()).toEqual([undefined, undefined]);
  expect(leadingStatus(both)?.error).toBe("why");
});

it("has no role while it is alone", () => {
  driverSays({});
  const { question, driver } = ask();
  expect([driverRole(question, driver), activeDriver(question)?.name]).toEqual([undefined, "driver"]);
});
