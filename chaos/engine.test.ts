import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { JOURNAL_VERSION, type JournalRecord } from "../contract/journal.ts";
import { type Health, partitionHealth } from "../contract/health.ts";
import { encodeLog } from "../contract/log-line.ts";
import type { Conditions, Life, NodeControl } from "../contract/node.ts";
import { RUN_FILES } from "../contract/run.ts";
import type { ChaosEvent } from "./chaos-event.ts";
import { runPlan, type RunPlanRequest } from "./engine.ts";
import { fastClock, PROGRAMS, startTestStack, testPlan, type TestStack, withConditions } from "./fixture/stack.ts";
import { readJournal } from "./journal/journal-file.ts";
import { statusOf } from "./nodes/node-status.ts";

describe("runPlan", () => {
  let stack: TestStack;
  let events: ChaosEvent[];
  beforeEach(async () => {
    events = [];
    stack = await startTestStack([
      { name: "kafka-1", kind: "kafka", argv: PROGRAMS.plain },
      { name: "kafka-2", kind: "kafka", argv: PROGRAMS.plain },
      { name: "driver", kind: "driver", argv: PROGRAMS.forking },
    ]);
  });
  afterEach(() => stack[Symbol.asyncDispose]());

  const request = (plan: RunPlanRequest["plan"], more: Partial<RunPlanRequest> = {}): RunPlanRequest => ({
    plan,
    run: 1,
    control: stack.control,
    journalFile: stack.journalFile,
    watchdogCommand: ["true"],
    signal: new AbortController().signal,
    onEvent: (event) => events.push(event),
    recoveryTimeoutMs: 6000,
    clock: fastClock(4),
    ...more,
  });
  const kinds = async (): Promise<string[]> => (await readJournal(stack.journalFile)).records.map(({ t }) => t);

  it("runs faults one after another, tells and journals each", async () => {
    const plan = testPlan(
      [
        { kind: "kill", target: { node: "kafka-1" }, hold_ms: 200 },
        { kind: "pause", target: { node: "driver" }, hold_ms: 200 },
      ],
      100,
    );
    const { aborted, outcomes } = await runPlan(request(plan));
    expect(aborted).toBe(false);
    expect(outcomes.map(({ outcome, node }) => [outcome, node])).toEqual([
      ["recovered", "kafka-1"],
      ["recovered", "driver"],
    ]);
    expect(await kinds()).toEqual([
      "open",
      "planned",
      "active",
      "healed",
      "recovered",
      "planned",
      "active",
      "healed",
      "recovered",
      "close",
    ]);
    // The second waited for the first, and for a moment of success after it.
    expect(events.map(({ type }) => type)).toEqual([
      "started",
      "injecting",
      "active",
      "healed",
      "recovered",
      "late",
      "injecting",
      "active",
      "healed",
      "recovered",
      "ended",
    ]);
    expect(events.every(({ at, at_ms }) => Date.parse(at) === at_ms)).toBe(true);
    expect(events.find(({ type }) => type === "active")).toMatchObject({ id: 1, kind: "kill", node: "kafka-1" });
    expect(readFileSync(join(stack.directory, "logs", "watchdog.log"), { encoding: "utf8", flag: "a+" })).toBe("");

    // A second plan on the same journal: its ids go on.
    const again = await runPlan(request(testPlan([{ kind: "kill", target: { node: "kafka-2" }, hold_ms: 0 }], 0)));
    expect(again.outcomes).toMatchObject([{ id: 4, planned: { id: 1 }, outcome: "recovered" }]);
  });

  it("waits before each fault until rows flow, and strikes after its limit all the same", async () => {
    const partitions = [
      partitionHealth({ partition: 0, nextOffset: 1, logEnd: 2, unstoredAgeMs: null, movedMs: 0 }, 1),
    ];
    // Newer than any moment of the run, so it is as fresh as can be.
    const health: Health = { version: 1, at_ms: Date.now() + 3_600_000, partitions };
    writeFileSync(join(stack.directory, RUN_FILES.health), JSON.stringify(health));
    const plan = testPlan([{ kind: "kill", target: { node: "kafka-1" }, hold_ms: 0 }], 100);
    const { outcomes } = await runPlan(request(plan, { recoveryTimeoutMs: 3_000 }));
    expect(outcomes).toMatchObject([{ outcome: "recovered" }]);
    expect(events.find(({ type }) => type === "not-settled")).toMatchObject({
      id: 1,
      text: "rows do not flow again within 3.0 s: partition 0 is at offset 1 of 2",
    });
  });

  it("heals at once when it is ended in the middle, and reports what did not run", async () => {
    const ending = new AbortController();
    const plan = testPlan(
      [
        { kind: "pause", target: { node: "kafka-1" }, hold_ms: 30_000 },
        { kind: "kill", target: { node: "kafka-2" }, hold_ms: 0 },
      ],
      35_000,
    );
    const onEvent = (event: ChaosEvent): void => {
      events.push(event);
      if (event.type === "active") ending.abort();
    };
    const startMs = Date.now();
    const { aborted, outcomes } = await runPlan(request(plan, { signal: ending.signal, onEvent }));
    expect(Date.now() - startMs).toBeLessThan(10_000);
    expect(aborted).toBe(true);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["recovered", "not-run"]);
    expect(await statusOf(stack.control, "kafka-1")).toMatchObject({ state: "running", starts: 1 });
    expect(await kinds()).toEqual(["open", "planned", "active", "healed", "recovered", "failed", "close"]);
  });

  it("records a node that does not recover in time, and does not strike a second broker then", async () => {
    const plan = testPlan(
      [
        { kind: "kill", target: { node: "kafka-1" }, hold_ms: 0 },
        { kind: "kill", target: { node: "kafka-2" }, hold_ms: 0 },
      ],
      100,
    );
    const unready = join(stack.directory, "kafka-1.unready");
    const onEvent = (event: ChaosEvent): void => {
      events.push(event);
      if (event.type === "injecting") writeFileSync(unready, "");
    };
    const { outcomes } = await runPlan(request(plan, { onEvent }));
    expect(outcomes).toMatchObject([
      { outcome: "not-recovered", why: "kafka-1 did not answer within 6.0 s" },
      { outcome: "failed", why: "kafka-1, kafka-2: not all ready within 6.0 s" },
    ]);
    expect(await statusOf(stack.control, "kafka-2")).toMatchObject({ starts: 1 });
    rmSync(unready);
  });

  it("journals as not run what the plan's duration has no room for any more", async () => {
    const faults = [
      { kind: "kill", target: { node: "kafka-1" }, hold_ms: 4000 },
      { kind: "pause", target: { node: "driver" }, hold_ms: 3000 },
    ] as const;
    const plan = { ...testPlan([...faults], 4500), duration_ms: 8000 };
    const { outcomes } = await runPlan(request(plan));
    expect(outcomes).toMatchObject([
      { outcome: "recovered" },
      { outcome: "not-run", why: "not run: the time was over" },
    ]);
    expect(await kinds()).toEqual(["open", "planned", "active", "healed", "recovered", "failed", "close"]);
    expect(await statusOf(stack.control, "driver")).toMatchObject({ state: "running" });
  });

  it("undoes an injection that fails half-way, journals it as failed, and goes on", async () => {
    const { lifecycle } = stack;
    const control: NodeControl = {
      ...stack.control,
      lifecycle: {
        ...lifecycle,
        strike: async (life, blow, spread) => {
          if (blow !== "pause") return lifecycle.strike(life, blow, spread);
          await lifecycle.strike({ ...life, members: life.members.slice(0, 1) }, blow, false);
          throw new Error("no more signals today");
        },
      },
    };
    const plan = testPlan(
      [
        { kind: "pause", target: { node: "kafka-1" }, hold_ms: 100 },
        { kind: "kill", target: { node: "kafka-1" }, hold_ms: 0 },
      ],
      100,
    );
    const { outcomes } = await runPlan(request(plan, { control }));
    expect(outcomes).toMatchObject([
      {
        outcome: "failed",
        why: expect.stringMatching(/^no more signals today; undone: 1 process resumed/) as unknown,
      },
      { outcome: "recovered" },
    ]);
    expect(await kinds()).toEqual(["open", "planned", "failed", "planned", "active", "healed", "recovered", "close"]);
  });

  it("heals what an engine before left behind, and refuses a damaged journal", async () => {
    await stack.lifecycle.strike((await stack.lifecycle.lifeOf("kafka-1", "node")) as Life, "pause", true);
    await runPlan(request(testPlan([], 0)));
    expect(events[0]).toMatchObject({
      type: "healed",
      text: "kafka-1, left over from before: 1 stopped process resumed",
    });
    const text = readFileSync(stack.journalFile, "utf8");
    writeFileSync(stack.journalFile, text.replace('"seed":1', '"seed":2'));
    await expect(runPlan(request(testPlan([], 0)))).rejects.toMatchObject({ code: "FL_JOURNAL_DAMAGED" });
  });

  it("refuses a journal whose records contradict each other, and breaks nothing", async () => {
    const at = { node: "kafka-1", node_kind: "kafka" as const, at_ms: 1 };
    const fault = { id: 1, at_ms: 0, kind: "kill" as const, target: { node: "kafka-1" }, hold_ms: 1 };
    const record: JournalRecord = { t: "planned", id: 1, fault, undo: { node: "kafka-1" }, ...at };
    const process = { pid: 2 ** 22, start_ticks: 1, boot_id: "none" };
    const facts = { run: 1, seed: 1, plan_sha256: "", faults: 2 };
    const open: JournalRecord = { t: "open", version: JOURNAL_VERSION, ...facts, process, at_ms: 1 };
    writeFileSync(stack.journalFile, encodeLog([open, record, record]));
    const planFile = join(stack.directory, "plan.json");
    const plan = testPlan([{ kind: "kill", target: { node: "driver" }, hold_ms: 1 }], 0);
    await expect(runPlan(request(plan, { planFile }))).rejects.toMatchObject({
      code: "FL_JOURNAL_DAMAGED",
      message: expect.stringContaining("fault 1") as unknown,
    });
    expect(existsSync(planFile)).toBe(false);
    expect((await kinds()).filter((t) => t === "open")).toHaveLength(1);
  });

  it("lets only one engine work", async () => {
    const plan = testPlan([{ kind: "pause", target: { node: "kafka-1" }, hold_ms: 8000 }], 0);
    let second: Promise<unknown> = Promise.resolve();
    const onEvent = (event: ChaosEvent): void => {
      if (event.type === "active") second = runPlan(request(plan)).catch((error: unknown) => error);
    };
    await runPlan(request(plan, { onEvent }));
    expect(await second).toMatchObject({ code: "FL_STACK_BUSY" });
  });

  it("injects nothing without a watchdog", async () => {
    const watchdogLog = join(stack.directory, "nodes.json", "impossible", "watchdog.log");
    await expect(runPlan(request(testPlan([], 0), { watchdogLog }))).rejects.toThrow("ENOTDIR");
  });

  describe("with conditions", () => {
    const prepared: string[] = [];
    beforeEach(() => void (prepared.length = 0));
    const control = (more: Partial<Conditions> = {}): NodeControl =>
      withConditions(stack, { prepare: async (name, kind) => void prepared.push(`${kind} ${name}`), ...more });
    const cpu = { kind: "cpu" as const, hold_ms: 100, cpu_workers: 1 };

    it("prepares every node it may strike, all brokers for a role, before the plan's clock starts", async () => {
      const plan = testPlan(
        [
          { ...cpu, target: { role: "controller" } },
          { ...cpu, target: { node: "driver" } },
          { kind: "kill", target: { node: "kafka-2" }, hold_ms: 0 },
        ],
        100,
      );
      const { outcomes } = await runPlan(request(plan, { control: control() }));
      expect(prepared).toEqual(["cpu kafka-1", "cpu kafka-2", "cpu driver"]);
      expect(outcomes.map(({ outcome, node }) => [outcome, node])).toEqual([
        ["recovered", "kafka-1"],
        ["recovered", "driver"],
        ["recovered", "kafka-2"],
      ]);
      expect(events.slice(0, 5).map(({ type, text }) => [type, text])).toEqual([
        ["preparing", "kafka-1 is made ready for cpu"],
        ["preparing", "kafka-2 is made ready for cpu"],
        ["preparing", "driver is made ready for cpu"],
        ["prepared", expect.stringMatching(/^3 conditions made ready in [\d.]+ s$/)],
        ["started", expect.any(String)],
      ]);
      expect(events.find(({ type }) => type === "injecting")?.text).toBe("cpu kafka-1 (controller) (1 worker)");
      expect(await stack.conditions.list()).toEqual([]);
    });

    it.each([
      [
        "is not there",
        { unavailable: async (name: string) => (name === "driver" ? "no cgroup here" : undefined) },
        /^fault 2, cpu driver: driver: no cgroup here$/,
      ],
      [
        "can't be prepared",
        { prepare: async () => Promise.reject(new Error("no proxy today")) },
        /^kafka-1 could not be made ready for cpu: no proxy today$/,
      ],
    ])("breaks nothing when a condition %s", async (_name, more: Partial<Conditions>, message) => {
      const plan = testPlan(
        [
          { ...cpu, target: { node: "kafka-1" } },
          { ...cpu, target: { node: "driver" } },
        ],
        100,
      );
      await expect(runPlan(request(plan, { control: control(more) }))).rejects.toMatchObject({
        code: "FL_FAULT_UNAVAILABLE",
        message: expect.stringMatching(message) as unknown,
      });
      expect(await kinds()).toEqual([]);
      expect(events.some(({ type }) => type === "injecting")).toBe(false);
    });

    it("lifts at once when it is ended in the middle", async () => {
      const ending = new AbortController();
      const onEvent = (event: ChaosEvent): void => {
        events.push(event);
        if (event.type === "active") ending.abort();
      };
      const plan = testPlan([{ ...cpu, hold_ms: 50_000, target: { node: "driver" } }], 0);
      const { aborted, outcomes } = await runPlan(request(plan, { signal: ending.signal, onEvent }));
      expect([aborted, outcomes.map(({ outcome }) => outcome)]).toEqual([true, ["recovered"]]);
      expect(await stack.conditions.list()).toEqual([]);
      const healed = events.find(({ type }) => type === "healed");
      expect(healed?.text).toMatch(/^cpu driver: no condition .*-1 on driver any more/);
    });
  });
});
