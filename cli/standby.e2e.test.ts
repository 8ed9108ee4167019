import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Digest, DigestMeasure } from "../contract/digest.ts";
import type { Plan } from "../contract/plan.ts";
import { waitUntil } from "../machine/clock.ts";
import { commandLine, TestBench } from "./fixture/test-bench.ts";

type StatusJson = {
  nodes: {
    name: string;
    kind: string;
    ready: boolean;
    role?: string;
    starts: number;
    process?: { pid: number } | null;
  }[];
};

/** Two drivers. The active one is killed, and then the one that took over is stopped and goes on. */
const PLAN: Plan = {
  version: 1,
  seed: 1,
  duration_ms: 240_000,
  kinds: ["driver"],
  faults: [
    { id: 1, at_ms: 3_000, kind: "kill", target: { role: "active-driver" }, hold_ms: 0 },
    { id: 2, at_ms: 8_000, kind: "pause", target: { role: "active-driver" }, hold_ms: 12_000 },
  ],
};
/** A driver that was killed starts beside all else: on two slow cores that takes minutes. */
const READY_MS = 400_000;

const isExecutor = (pid: number): boolean => commandLine(pid).includes("CoarseGrainedExecutorBackend");
const GOES_ON = /partition (\d) goes on at offset (\d+) instead of (\d+)/gu;

const upperMs = (measure: DigestMeasure): number => ("unknown" in measure ? Number.NaN : measure.high_ms);

describe("a standby driver", () => {
  const bench = new TestBench();
  beforeAll(async () => void (await bench.must(["up", "--standby", "--seed", "12"])), 300_000);
  afterAll(() => bench[Symbol.asyncDispose](), 120_000);

  const drivers = async () =>
    (await bench.status<StatusJson>()).nodes
      .filter(({ kind }) => kind === "driver")
      .map(({ name, ready, role, starts }) => ({ name, ready, role, starts }));

  it("is ready when `up` ends", async () => {
    expect(await drivers()).toEqual([
      { name: "driver", ready: true, role: "active", starts: 1 },
      { name: "driver-2", ready: true, role: "standby", starts: 1 },
    ]);
  });

  const becomes = async (active: string, standby: string): Promise<void> => {
    const isSo = async (): Promise<boolean> => {
      const now = await drivers();
      const role = (name: string) => now.find((driver) => driver.name === name && driver.ready)?.role;
      return role(active) === "active" && role(standby) === "standby";
    };
    expect([await waitUntil(READY_MS, isSo, { everyMs: 5_000 }), await drivers()]).toEqual([true, expect.anything()]);
  };

  it("takes over from a driver that is killed, and from a driver that is stopped; each stands by afterwards", async () => {
    await bench.must(["produce", "--detach", "--rate", "500"]);
    const partitions = () => bench.rows("SELECT partition FROM sink_offsets WHERE rows > 100");
    expect(await waitUntil(READY_MS, async () => (await partitions()).length === 6, { everyMs: 2_000 })).toBe(true);
    const file = join(bench.directory, "plan.json");
    writeFileSync(file, JSON.stringify(PLAN));
    const told = await bench.must(["chaos", "--plan", file]);
    process.stdout.write(told);
    // The second fault waited for a standby.
    expect(told).not.toContain("not-settled");
    await becomes("driver", "driver-2");
    expect((await drivers()).map(({ starts }) => starts)).toEqual([2, 1]);
  }, 1_200_000);

  it("hands over when the worker with its tasks dies, and goes back to that worker when it is there again", async () => {
    const file = join(bench.directory, "worker.json");
    const target = { node: "spark-worker-1" };
    const faults = [{ id: 1, at_ms: 2_000, kind: "kill" as const, target, hold_ms: 0 }];
    writeFileSync(file, JSON.stringify({ ...PLAN, kinds: ["spark-worker"], faults }));
    const log = (driver: string) => {
      const runs = join(bench.directory, "runs");
      return readFileSync(join(runs, readdirSync(runs)[0] as string, `logs/${driver}.log`), "utf8");
    };
    const before = log("driver").length;
    process.stdout.write(await bench.must(["chaos", "--plan", file]));
    const since = () => log("driver").slice(before);
    expect(since()).toContain("hands the right to write over to a driver that is ready");
    expect(await waitUntil(READY_MS, () => since().includes("its tasks move there"), { everyMs: 2_000 })).toBe(true);
    // It does so when it has lost its tasks, and not when its home is there again.
    expect(since().indexOf("hands the right")).toBeLessThan(since().indexOf("Executor added"));
    await becomes("driver-2", "driver");
    expect((await drivers()).map(({ starts }) => starts)).toEqual([2, 1]);
  }, 800_000);

  it("goes on where the table is when all executors die, instead of reading the epoch again", async () => {
    for (const pid of bench.processesLeft().filter(isExecutor)) process.kill(pid, "SIGKILL");
    const data = join(bench.directory, "state", "data");
    const logs = () =>
      readdirSync(data, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("stderr"));
    const partitions = () => {
      const told = logs().flatMap((path) => [...readFileSync(join(data, path), "utf8").matchAll(GOES_ON)]);
      return new Set(told.map(([, partition, at, instead]) => (Number(at) > Number(instead) ? partition : "none")));
    };
    const isOn = () => partitions().size >= 6;
    expect(await waitUntil(READY_MS, isOn, { everyMs: 2_000 }), [...partitions()].join()).toBe(true);
    expect(partitions()).toEqual(new Set(["0", "1", "2", "3", "4", "5"]));
    // Which one is the active one depends on whose executors are gone first.
    const roles = async () => new Set((await drivers()).map(({ ready, role }) => ready && role));
    const areBoth = async () => (await roles()).has("active") && (await roles()).has("standby");
    expect([await waitUntil(READY_MS, areBoth, { everyMs: 5_000 }), await drivers()]).toEqual([
      true,
      expect.anything(),
    ]);
  }, 800_000);

  it("is the same as ever for the rows: nothing is lost, and they stand still for seconds only", async () => {
    await bench.must(["produce", "--count", "1000", "--rate", "1000"]);
    const { verdict } = await bench.verdict();
    expect([verdict.verdict, verdict.reasons]).toEqual(["VALID", []]);
    const { faults } = JSON.parse(await bench.must(["report", "--json"])) as Digest;
    expect(faults.map(({ node, role }) => [node, role])).toEqual([
      ["driver", "active"],
      ["driver-2", "active"],
      ["spark-worker-1", undefined],
    ]);
    // Nobody waited for the struck driver: a killed one is not ready before, a stopped one goes on after 12 s.
    const [killed, stopped, worker] = faults;
    for (const fault of [killed, stopped]) expect(fault?.failed_over).toMatchObject({ open: false });
    expect(upperMs(killed?.failed_over as DigestMeasure)).toBeLessThan(30_000);
    for (const { sink_gap } of faults) expect(sink_gap.measure).toMatchObject({ open: false });
    expect(upperMs(killed?.sink_gap.measure as DigestMeasure)).toBeLessThan(15_000);
    expect(upperMs(stopped?.sink_gap.measure as DigestMeasure)).toBeLessThan(12_000);
    expect(upperMs(worker?.sink_gap.measure as DigestMeasure)).toBeLessThan(6_000);
  });

  it("comes back when every node dies in the same moment", async () => {
    // The producer is done.
    const struck = (await bench.status<StatusJson>()).nodes.filter((node) => node.process);
    for (const node of struck) process.kill(node.process?.pid as number, "SIGKILL");
    const isBack = async (): Promise<boolean> => {
      const { nodes } = await bench.status<StatusJson>();
      return struck.every(({ name, starts }) =>
        nodes.some((node) => node.name === name && node.ready && node.starts > starts),
      );
    };
    expect([await waitUntil(READY_MS, isBack, { everyMs: 5_000 }), await bench.status()]).toEqual([
      true,
      expect.anything(),
    ]);
    await bench.must(["produce", "--count", "1000", "--rate", "1000"]);
    const { verdict } = await bench.verdict();
    expect([verdict.verdict, verdict.reasons, verdict.counts.attempted > 2_000]).toEqual(["VALID", [], true]);
  }, 600_000);
});
