import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultlineError } from "../contract/errors.ts";
import { journalReader, type JournalRecord, JOURNAL_VERSION, type Undo } from "../contract/journal.ts";
import { encodeLog, LogWriter } from "../contract/log-line.ts";
import type { Life, NodeControl } from "../contract/node.ts";
import {
  fastClock,
  PROGRAMS,
  serverNode,
  startTestStack,
  type TestStack,
  unheld,
  withConditions,
} from "./fixture/stack.ts";
import { readState } from "./fixture/test-node.ts";
import { heal } from "./heal.ts";
import { readJournal } from "./journal/journal-file.ts";
import { poll, systemClock } from "../machine/clock.ts";
import { lockFile } from "../machine/file-lock.ts";
import { ownIdentity } from "../machine/process-identity.ts";
import { statusOf } from "./nodes/node-status.ts";

const NOBODY = { pid: 2 ** 22, start_ticks: 1, boot_id: "none" };
const open = (process = NOBODY): JournalRecord => ({
  t: "open",
  version: JOURNAL_VERSION,
  run: 1,
  seed: 1,
  plan_sha256: "",
  faults: 9,
  process,
  at_ms: 1,
});
const planned = (id: number, undo: Undo): JournalRecord => ({
  t: "planned",
  id,
  fault: { id, at_ms: 0, kind: undo.release === undefined ? "pause" : "kill", target: { node: undo.node }, hold_ms: 1 },
  node: undo.node,
  node_kind: "kafka",
  undo,
  at_ms: 2,
});

describe("heal", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([
      { name: "kafka-1", kind: "kafka", argv: PROGRAMS.plain },
      { name: "postgres", kind: "postgres", argv: PROGRAMS.sessions },
      serverNode("kafka-2", "kafka"),
    ]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());
  beforeEach(() => writeFileSync(stack.journalFile, ""));

  const write = (...records: JournalRecord[]): void => {
    const reader = journalReader();
    for (const line of readFileSync(stack.journalFile, "utf8").split("\n").slice(0, -1)) reader.read(line);
    const writer = new LogWriter<JournalRecord>(reader.crc);
    appendFileSync(stack.journalFile, records.map((record) => writer.encode(record)).join(""));
  };
  /** A node that the test before had healed may still be starting. */
  const lifeOf = async (name: string): Promise<Life> => {
    const life = await poll(systemClock, 10_000, () => stack.lifecycle.lifeOf(name, "node"));
    if (life === undefined) throw new Error(`${name} does not run`);
    return life;
  };
  const pause = async (name: string): Promise<Undo> => {
    const life = await stack.lifecycle.strike(await lifeOf(name), "pause", true);
    await expect.poll(async () => (await statusOf(stack.control, name))?.state).toBe("paused");
    return { node: name, life };
  };
  const down = async (name: string, tag = "run-4"): Promise<Undo> => {
    // A hold keeps a node down that has not come up again yet.
    await lifeOf(name);
    await stack.lifecycle.hold(name, tag, Date.now() + 60_000);
    const life = await stack.lifecycle.strike(await lifeOf(name), "kill", true);
    await expect.poll(async () => (await statusOf(stack.control, name))?.state).toBe("down");
    return { node: name, life, release: tag };
  };
  const run = (by: "heal" | "watchdog" = "heal", control: NodeControl = stack.control) =>
    heal({ journalFile: stack.journalFile, control, by });

  it("undoes what an engine left, the last first, says so in the journal, and does nothing the second time", async () => {
    write(open(), planned(1, await down("kafka-1")), planned(2, await pause("postgres")));
    const result = await run("watchdog");
    expect(result.healed.map(({ id, node }) => [id, node])).toEqual([
      [2, "postgres"],
      [1, "kafka-1"],
    ]);
    expect(await stack.control.inventory.nodes()).toMatchObject([
      { state: "running", held: false },
      { state: "running", held: false },
      { state: "running", held: false },
    ]);
    expect((await readJournal(stack.journalFile)).records.slice(-3)).toMatchObject([
      { t: "healed", id: 2, by: "watchdog", proof: expect.stringContaining("4 processes resumed") as unknown },
      { t: "healed", id: 1, by: "watchdog", proof: expect.stringContaining("released, runs") as unknown },
      { t: "close", planned: 2, effective: 0, healed: 2 },
    ]);
    const before = readFileSync(stack.journalFile, "utf8");
    expect(await run()).toEqual({ healed: [], swept: [], unreadable: [], problems: [], closed: false });
    expect(readFileSync(stack.journalFile, "utf8")).toBe(before);
  });

  it("resumes a node of which only some processes are stopped, without a journal", async () => {
    const life = await lifeOf("postgres");
    await stack.lifecycle.strike({ ...life, members: life.members.slice(1, 3) }, "pause", false);
    expect(await run()).toEqual({
      healed: [],
      swept: [{ node: "postgres", proof: "2 stopped processes resumed" }],
      unreadable: [],
      problems: [],
      closed: false,
    });
    expect(await stack.lifecycle.look(life)).toMatchObject({ running: 4 });
  });

  it("sweeps what a damaged line can't tell any more", async () => {
    write(open(), planned(1, await down("kafka-1")), planned(2, await pause("postgres")));
    const bytes = readFileSync(stack.journalFile);
    const at = bytes.indexOf("planned");
    bytes[at] = 0x51;
    writeFileSync(stack.journalFile, bytes);
    const result = await run();
    expect(result.unreadable).toEqual([
      { line: 2, problem: expect.stringContaining("its checksum does not fit") as unknown },
    ]);
    expect(result.healed.map(({ id }) => id)).toEqual([2]);
    expect(result.swept).toEqual([{ node: "kafka-1", proof: "hold (run-4) released" }]);
    await expect.poll(async () => (await statusOf(stack.control, "kafka-1"))?.state).toBe("running");
  });

  it("cuts off a torn last line before it appends", async () => {
    write(open(), planned(1, await pause("postgres")));
    appendFileSync(stack.journalFile, '{"t":"active","id":1,"ki');
    await run();
    expect(await readJournal(stack.journalFile)).toMatchObject({
      unreadable: [],
      records: [{ t: "open" }, { t: "planned" }, { t: "healed" }, { t: "close" }],
    });
  });

  it("leaves a fault alone while an engine has the journal, unless the watchdog asks", async () => {
    const { identity: engine } = readState(stack.directory, "kafka-1");
    write(open(engine), planned(1, await pause("postgres")));
    const unlock = await lockFile(stack.journalFile);
    await expect(run()).rejects.toMatchObject({
      code: "FL_STACK_BUSY",
      message: expect.stringContaining(`pid ${engine.pid}`) as unknown,
    });
    expect((await statusOf(stack.control, "postgres"))?.state).toBe("paused");
    const watchdog = heal({
      journalFile: stack.journalFile,
      control: stack.control,
      by: "watchdog",
      clock: fastClock(20),
    });
    expect((await watchdog).healed).toHaveLength(1);
    // The pid alone proves nothing: the same pid, started at another time, is another process.
    write(open({ ...ownIdentity(), start_ticks: 1 }));
    await expect(run()).rejects.toMatchObject({
      code: "FL_STACK_BUSY",
      message: expect.stringContaining("another chaos engine or heal") as unknown,
    });
    await unlock?.();
    await expect(run()).resolves.toBeDefined();
  });

  it("takes an engine that left its journal open for dead when the lock is free, whatever process has its pid now", async () => {
    write(open(readState(stack.directory, "kafka-1").identity), planned(1, await pause("postgres")));
    expect((await run()).healed).toHaveLength(1);
  });

  it("goes on after a fault that it can't undo, and ends with the command to type", async () => {
    write(open(), planned(1, await pause("kafka-1")), planned(2, await pause("postgres")));
    const stuck = await lifeOf("postgres");
    const { lifecycle } = stack;
    const control: NodeControl = {
      ...stack.control,
      lifecycle: {
        ...lifecycle,
        resume: (name, life) => (name === "postgres" ? Promise.resolve(stuck) : lifecycle.resume(name, life)),
      },
    };
    const error = await heal({ journalFile: stack.journalFile, control, by: "heal", clock: fastClock(20) }).catch(
      (caught: unknown) => caught as FaultlineError,
    );
    expect(error).toMatchObject({ code: "FL_HEAL_FAILED", exitCode: 5, remedy: "./faultline heal" });
    expect((error as FaultlineError).message).toContain(
      `fault 2 on postgres: postgres: still stopped after SIGCONT: ${stuck.text}`,
    );
    expect((await statusOf(stack.control, "kafka-1"))?.state).toBe("running");
    expect((await run()).healed.map(({ id }) => id)).toEqual([2]);
  });

  it("takes a node that is no more for healed", async () => {
    write(
      open(),
      planned(1, { node: "kafka-9", life: { ...(await lifeOf("kafka-1")), node: "kafka-9" }, release: "run-1" }),
    );
    expect((await run()).healed).toEqual([
      { id: 1, node: "kafka-9", proof: "no process of kafka-9 stopped; the stack has no such node any more" },
    ]);
  });

  const isolate = async (tag: string): Promise<Undo> => {
    await stack.conditions.impose("kafka-2", tag, { kind: "isolate" }, 60_000);
    expect(await stack.conditions.measure("kafka-2", "isolate")).toBeNull();
    return { node: "kafka-2", lift: tag };
  };
  const answers = async (): Promise<boolean> => (await stack.conditions.measure("kafka-2", "isolate")) !== null;

  it("lifts a condition by its journaled undo, also from a node that is down, and twice", async () => {
    const undo = await isolate("run-1");
    write(open(), planned(1, await down("kafka-2")), planned(2, undo));
    expect((await run()).healed).toMatchObject([
      { id: 2, proof: "isolate (run-1) lifted from kafka-2; no process of kafka-2 stopped" },
      { id: 1, node: "kafka-2" },
    ]);
    await expect.poll(answers, { timeout: 10_000 }).toBe(true);
    write(planned(3, undo));
    expect((await run()).healed).toMatchObject([
      { id: 3, proof: expect.stringMatching(/^no condition run-1 on kafka-2;/) as unknown },
    ]);
  });

  it("lifts conditions that no journal explains: lines lost, a tag of nobody", async () => {
    await isolate("run-7");
    await stack.conditions.impose("postgres", "strange", { kind: "cpu", workers: 1 }, 60_000);
    expect((await run()).swept).toEqual([
      { node: "kafka-2", proof: "isolate (run-7) lifted from kafka-2" },
      { node: "postgres", proof: "cpu (strange) lifted from postgres" },
    ]);
    expect(await answers()).toBe(true);
    expect(await stack.conditions.list()).toEqual([]);
    expect((await run()).swept).toEqual([]);
  });

  it("leaves the condition of an engine that is at work on another run, and takes it when that is over", async () => {
    const other = mkdtempSync(join(dirname(stack.directory), "faultline-chaos-other-"));
    try {
      const tag = `${basename(other)}-3`;
      await isolate(tag);
      const unlock = await lockFile(join(other, basename(stack.journalFile)));
      expect((await run()).swept).toEqual([]);
      expect(await answers()).toBe(false);
      await unlock?.();
      expect((await run()).swept).toEqual([{ node: "kafka-2", proof: `isolate (${tag}) lifted from kafka-2` }]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("says which condition it could not lift, and goes on", async () => {
    await isolate("run-9");
    const control = withConditions(stack, { lift: () => Promise.resolve() });
    write(open(), planned(1, await pause("postgres")));
    const error = await heal({ journalFile: stack.journalFile, control, by: "heal", clock: fastClock(50) }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({
      code: "FL_HEAL_FAILED",
      message: "left over: kafka-2: the condition run-9 could not be taken off within 30 s",
    });
    expect((await statusOf(stack.control, "postgres"))?.state).toBe("running");
    expect((await run()).swept).toHaveLength(1);
  });

  it("starts what a fault left down where nodes can't be held, by its journaled undo alone", async () => {
    // As with containers: nobody starts what was killed, until it is released.
    const undo = await down("kafka-1");
    const control = unheld(stack.control);
    expect((await run("heal", control)).swept).toEqual([]);
    expect((await statusOf(stack.control, "kafka-1"))?.state).toBe("down");
    write(open(), planned(1, undo));
    expect((await run("heal", control)).healed).toMatchObject([
      { id: 1, proof: expect.stringMatching(/released, runs with pid \d+$/) as unknown },
    ]);
  });

  it("leaves the hold of an engine that is at work on another run, and releases it when that is over", async () => {
    const other = mkdtempSync(join(dirname(stack.directory), "faultline-chaos-other-"));
    try {
      const tag = `${basename(other)}-3`;
      await down("kafka-1", tag);
      const unlock = await lockFile(join(other, basename(stack.journalFile)));
      expect((await run()).swept).toEqual([]);
      expect(await statusOf(stack.control, "kafka-1")).toMatchObject({ state: "down", held: true });
      await unlock?.();
      expect((await run()).swept).toEqual([{ node: "kafka-1", proof: `hold (${tag}) released` }]);
      await expect.poll(async () => (await statusOf(stack.control, "kafka-1"))?.state).toBe("running");
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("releases the hold of its own fault only: another one keeps the node down", async () => {
    const undo = await down("kafka-1");
    await stack.lifecycle.hold("kafka-1", "run-5", Date.now() + 60_000);
    await stack.lifecycle.release("kafka-1", undo.release as string);
    expect(await statusOf(stack.control, "kafka-1")).toMatchObject({ state: "down", held: true });
    expect((await run()).swept).toEqual([{ node: "kafka-1", proof: "hold (run-5) released" }]);
    await expect.poll(async () => (await statusOf(stack.control, "kafka-1"))?.state).toBe("running");
  });

  it("has undone its own fault though another engine still holds the node", async () => {
    const other = mkdtempSync(join(dirname(stack.directory), "faultline-chaos-other-"));
    try {
      const tag = `${basename(other)}-4`;
      write(open(), planned(1, await down("kafka-1")));
      await stack.lifecycle.hold("kafka-1", tag, Date.now() + 60_000);
      const unlock = await lockFile(join(other, basename(stack.journalFile)));
      const { healed } = await run();
      expect(healed).toEqual([{ id: 1, node: "kafka-1", proof: expect.stringContaining(`${tag} still holds it`) }]);
      await unlock?.();
    } finally {
      rmSync(other, { recursive: true });
      await run();
      await expect.poll(async () => (await statusOf(stack.control, "kafka-1"))?.state).toBe("running");
    }
  });

  it("needs nobody to release a hold whose time is over: the supervisor starts the node", async () => {
    const life = await lifeOf("kafka-1");
    await stack.lifecycle.hold("kafka-1", "run-6", Date.now() + 1500);
    await stack.lifecycle.strike(life, "kill", true);
    await expect.poll(() => stack.lifecycle.look(life)).toMatchObject({ gone: 1 });
    expect(await statusOf(stack.control, "kafka-1")).toMatchObject({ state: "down", held: true });
    await expect
      .poll(() => statusOf(stack.control, "kafka-1"), { timeout: 10_000 })
      .toMatchObject({ state: "running", held: false });
    expect(await stack.lifecycle.holds()).toEqual([]);
    expect((await run()).swept).toEqual([]);
  });

  it("leaves out what the runtime, or one node, can't do", async () => {
    const observed: NodeControl = {
      ...stack.control,
      lifecycle: { absent: "these nodes may only be observed" },
      conditions: { absent: "no network namespaces here" },
    };
    await isolate("run-7");
    await pause("postgres");
    expect((await run("heal", observed)).swept).toEqual([]);
    const { inventory } = stack.control;
    const nodes: typeof inventory.nodes = async () =>
      (await inventory.nodes()).map((node) =>
        node.name === "postgres" ? { ...node, lacks: { lifecycle: "a database of somebody else" } } : node,
      );
    const one: NodeControl = { ...stack.control, inventory: { ...inventory, nodes } };
    expect((await run("heal", one)).swept).toMatchObject([{ node: "kafka-2" }]);
    expect((await statusOf(stack.control, "postgres"))?.state).toBe("paused");
    // A fault that the journal has can't be undone without the capability: that is said, not passed over.
    write(open(), planned(1, await pause("postgres")));
    await expect(run("heal", observed)).rejects.toMatchObject({
      code: "FL_HEAL_FAILED",
      message: "fault 1 on postgres: these nodes may only be observed",
    });
    expect((await run()).healed).toHaveLength(1);
  });

  it("undoes what is left of a run whose journal has an unknown version, and says the version", async () => {
    await down("kafka-1");
    writeFileSync(stack.journalFile, encodeLog([{ ...open(), version: 1 }]));
    expect(await run()).toEqual({
      healed: [],
      swept: [{ node: "kafka-1", proof: "hold (run-4) released" }],
      unreadable: [{ line: 1, problem: "version 1 is not known to this build (it reads version 4)" }],
      problems: [],
      closed: false,
    });
  });

  it("does not say that a hold is released when it is still there", async () => {
    await down("kafka-1");
    const lifecycle: NodeControl["lifecycle"] = Object.assign(
      Object.create(stack.lifecycle) as typeof stack.lifecycle,
      {
        release: async () => {},
      },
    );
    await expect(run("heal", { ...stack.control, lifecycle })).rejects.toMatchObject({
      code: "FL_HEAL_FAILED",
      message: expect.stringMatching(/kafka-1: the hold run-4 is still there/) as unknown,
    });
    expect((await run()).swept).toHaveLength(1);
  });
});
