import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FaultHistories, isUnhealed } from "../contract/fault-history.ts";
import type { PlannedFault } from "../contract/plan.ts";
import { FIXTURE_MAIN, PROGRAMS, serverNode, startTestStack, testPlan, type TestStack } from "./fixture/stack.ts";
import { readJournal } from "./journal/journal-file.ts";
import { encodePlan } from "./plan/plan.ts";
import { readProcessStat } from "../machine/process-identity.ts";
import { statusOf } from "./nodes/node-status.ts";
import { startWatchdog } from "./watchdog-link.ts";

describe("the watchdog", () => {
  let stack: TestStack;
  beforeEach(async () => {
    stack = await startTestStack([
      { name: "postgres", kind: "postgres", argv: PROGRAMS.sessions },
      { name: "kafka-1", kind: "kafka", argv: PROGRAMS.plain },
      serverNode("kafka-2", "kafka"),
    ]);
  });
  afterEach(() => stack[Symbol.asyncDispose]());

  const log = (): string => join(stack.directory, "logs", "watchdog.log");
  const startEngine = (fault: Omit<PlannedFault, "id" | "at_ms" | "hold_ms">): ChildProcess => {
    writeFileSync(join(stack.directory, "plan.json"), encodePlan(testPlan([{ ...fault, hold_ms: 50_000 }], 0)));
    // A process group of its own, so that all of it can be killed at once.
    return spawn(process.execPath, [FIXTURE_MAIN, "engine", stack.directory], {
      detached: true,
      stdio: ["ignore", "ignore", "inherit"],
    });
  };
  const waitFor = async (name: string, state: string): Promise<void> => {
    await expect
      .poll(async () => (await statusOf(stack.control, name))?.state, { timeout: 15_000, interval: 20 })
      .toBe(state);
  };

  it.each([
    { kind: "pause", target: { node: "postgres" }, state: "paused", node: "postgres" },
    { kind: "kill", target: { node: "kafka-1" }, state: "down", node: "kafka-1" },
  ] as const)(
    "heals a $kind when the engine and its whole process group are killed",
    async ({ kind, target, state, node }) => {
      const engine = startEngine({ kind, target });
      await waitFor(node, state);
      await expect
        .poll(async () => (await readJournal(stack.journalFile)).records.at(-1)?.t, { timeout: 15_000 })
        .toBe("active");
      process.kill(-(engine.pid as number), "SIGKILL");
      await waitFor(node, "running");
      await expect
        .poll(async () => (await readJournal(stack.journalFile)).records.at(-1), { timeout: 15_000 })
        .toMatchObject({ t: "close", planned: 1, healed: 1 });
      const { records, unreadable, problems, isOpen } = await readJournal(stack.journalFile);
      expect(records.at(-2)).toMatchObject({ t: "healed", by: "watchdog" });
      expect({ unreadable, problems, isOpen }).toEqual({ unreadable: [], problems: [], isOpen: false });
      expect(FaultHistories.of(records).faults.filter(isUnhealed)).toEqual([]);
      expect((await statusOf(stack.control, node))?.held).toBe(false);
      // And it does not stay behind.
      await expect
        .poll(() => readFileSync(log(), "utf8"), { timeout: 5000 })
        .toMatch(/the engine is gone.*\n(.*\n)*.*: healed\n/);
      const pid = Number(/watchdog (\d+)/.exec(readFileSync(log(), "utf8"))?.[1]);
      await expect.poll(() => readProcessStat(pid)?.state ?? "Z", { timeout: 5000 }).toBe("Z");
    },
  );

  it.each([
    { kind: "isolate", target: { node: "kafka-2" } },
    { kind: "delay", target: { node: "kafka-2" }, delay_ms: 100, jitter_ms: 0 },
    { kind: "cpu", target: { node: "kafka-2" }, cpu_workers: 1 },
    { kind: "memory", target: { node: "kafka-2" }, memory_mib: 64 },
  ] as const)("lifts $kind when the engine and its whole process group are killed", async (fault) => {
    const engine = startEngine(fault);
    await expect
      .poll(async () => (await readJournal(stack.journalFile)).records.at(-1)?.t, { timeout: 25_000 })
      .toBe("active");
    expect(await stack.conditions.list()).toMatchObject([{ node: "kafka-2", kind: fault.kind }]);
    process.kill(-(engine.pid as number), "SIGKILL");
    await expect.poll(() => stack.conditions.list(), { timeout: 15_000 }).toEqual([]);
    await expect
      .poll(async () => (await readJournal(stack.journalFile)).records.at(-2), { timeout: 15_000 })
      .toMatchObject({
        t: "healed",
        by: "watchdog",
        proof: expect.stringMatching(new RegExp(`^${fault.kind} \\(.*-1\\) lifted from kafka-2`)) as unknown,
      });
    expect(await stack.conditions.measure("kafka-2", "isolate")).not.toBeNull();
    // It had the journal's lock: the engine's went with the engine, though the watchdog lived on.
    expect(readFileSync(log(), "utf8")).not.toMatch(/attempt/);
  });

  it("is not needed when the engine is ended by Ctrl-C", async () => {
    const engine = startEngine({ kind: "pause", target: { node: "postgres" } });
    await waitFor("postgres", "paused");
    const exited = new Promise((resolve) => engine.once("exit", resolve));
    engine.kill("SIGINT");
    expect(await exited).toBe(0);
    expect((await statusOf(stack.control, "postgres"))?.state).toBe("running");
    expect((await readJournal(stack.journalFile)).records.at(-1)?.t).toBe("close");
    expect(existsSync(log()) ? readFileSync(log(), "utf8") : "").toBe("");
  });

  const marker = (): string => join(stack.directory, "marker");
  const settings = (command: string[], lifetimeMs = 60_000) => ({ command, lifetimeMs, logFile: log() });

  it("heals when the engine gives no sign within the lease, and watches on", async () => {
    const watchdog = await startWatchdog(settings(["sh", "-c", `echo healed >> ${marker()}`]));
    watchdog.lease(60_000);
    watchdog.lease(200);
    await expect.poll(() => existsSync(marker()), { timeout: 5000 }).toBe(true);
    watchdog.lease(undefined);
    watchdog.handOver();
    await expect.poll(() => readFileSync(marker(), "utf8"), { timeout: 5000 }).toBe("healed\nhealed\n");
  });

  it("tries again until the heal command succeeds", async () => {
    const watchdog = await startWatchdog(
      settings(["sh", "-c", `echo try >> ${marker()}; test $(wc -l < ${marker()}) = 3`]),
    );
    watchdog.handOver();
    await expect
      .poll(() => (existsSync(log()) ? readFileSync(log(), "utf8") : ""), { timeout: 10_000 })
      .toMatch(/attempt 1 of 10: 1\n.*attempt 2 of 10: 1\n.*healed\n/);
  });

  it("heals and ends when its lifetime is over", async () => {
    const watchdog = await startWatchdog(settings(["touch", marker()], 300));
    await expect.poll(() => existsSync(marker()), { timeout: 5000 }).toBe(true);
    await watchdog.done();
  });

  it("is started again when somebody ended it", async () => {
    const watchdog = await startWatchdog(settings(["sh", "-c", `echo $PPID > ${marker()}`]));
    watchdog.lease(1);
    await expect
      .poll(() => existsSync(marker()) && Number(readFileSync(marker(), "utf8")), { timeout: 5000 })
      .toBeGreaterThan(1);
    const first = Number(readFileSync(marker(), "utf8"));
    process.kill(first, "SIGKILL");
    await expect.poll(() => readProcessStat(first), { timeout: 5000 }).toBeUndefined();
    await watchdog.ensure();
    watchdog.lease(1);
    await expect.poll(() => Number(readFileSync(marker(), "utf8")), { timeout: 5000 }).not.toBe(first);
    await watchdog.done();
  });
});
