import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FaultlineError } from "../contract/errors.ts";
import { encodeJournal, type JournalRecord, type Undo } from "../contract/journal.ts";
import type { NodeControl, ProcessIdentity } from "../contract/node.ts";
import { fastClock, PROGRAMS, serverNode, startTestStack, type TestStack } from "./fixture/stack.ts";
import { heal } from "./heal.ts";
import { readJournal } from "./journal-file.ts";
import { lockJournal } from "./journal-lock.ts";
import { ownIdentity } from "./process-identity.ts";
import { statusOf } from "./strike.ts";

const NOBODY = { pid: 2 ** 22, start_ticks: 1, boot_id: "none" };
const open = (process = NOBODY): JournalRecord => ({ t: "open", version: 1, seed: 1, process, at_ms: 1 });
const planned = (id: number, undo: Undo): JournalRecord => ({
  t: "planned",
  id,
  fault: { id, at_ms: 0, kind: undo.release ? "kill" : "pause", target: { node: undo.node }, hold_ms: 1 },
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

  const write = (...records: JournalRecord[]): void => appendFileSync(stack.journalFile, records.map(encodeJournal).join(""));
  const pause = async (name: string): Promise<Undo> => {
    const resume = await stack.control.processes(name);
    await stack.control.signal(resume, "SIGSTOP");
    await expect.poll(async () => (await statusOf(stack.control, name))?.state).toBe("paused");
    return { node: name, resume, release: false };
  };
  const down = async (name: string): Promise<Undo> => {
    await stack.control.hold(name);
    await stack.control.signal(await stack.control.processes(name), "SIGKILL");
    await expect.poll(async () => (await statusOf(stack.control, name))?.state).toBe("down");
    return { node: name, resume: [], release: true };
  };
  const run = (by: "heal" | "watchdog" = "heal", control: NodeControl = stack.control) => heal({ journalFile: stack.journalFile, control, by });

  it("undoes what an engine left, the last first, says so in the journal, and does nothing the second time", async () => {
    write(open(), planned(1, await down("kafka-1")), planned(2, await pause("postgres")));
    const result = await run("watchdog");
    expect(result.healed.map(({ id, node }) => [id, node])).toEqual([
      [2, "postgres"],
      [1, "kafka-1"],
    ]);
    expect(await stack.control.nodes()).toMatchObject([
      { state: "running", held: false },
      { state: "running", held: false },
      { state: "running", held: false },
    ]);
    expect((await readJournal(stack.journalFile)).records.slice(-2)).toMatchObject([
      { t: "healed", id: 2, by: "watchdog", proof: expect.stringContaining("4 processes resumed") as unknown },
      { t: "healed", id: 1, by: "watchdog", proof: expect.stringContaining("released, runs") as unknown },
    ]);
    const before = readFileSync(stack.journalFile, "utf8");
    expect(await run()).toEqual({ healed: [], swept: [], damagedLines: [] });
    expect(readFileSync(stack.journalFile, "utf8")).toBe(before);
  });

  it("resumes a node of which only some processes are stopped, without a journal", async () => {
    const processes = await stack.control.processes("postgres");
    await stack.control.signal(processes.slice(1, 3), "SIGSTOP");
    expect(await run()).toEqual({ healed: [], swept: [{ node: "postgres", proof: "2 stopped processes resumed" }], damagedLines: [] });
    expect(await stack.control.processStates(processes)).toEqual(["running", "running", "running", "running"]);
  });

  it("sweeps what a damaged line can't tell any more", async () => {
    write(open(), planned(1, await down("kafka-1")), planned(2, await pause("postgres")));
    const bytes = readFileSync(stack.journalFile);
    const at = bytes.indexOf("planned");
    bytes[at] = 0x51;
    writeFileSync(stack.journalFile, bytes);
    const result = await run();
    expect(result.damagedLines).toEqual([2]);
    expect(result.healed.map(({ id }) => id)).toEqual([2]);
    expect(result.swept).toEqual([{ node: "kafka-1", proof: "released" }]);
    await expect.poll(async () => (await statusOf(stack.control, "kafka-1"))?.state).toBe("running");
  });

  it("cuts off a torn last line before it appends", async () => {
    write(open(), planned(1, await pause("postgres")));
    appendFileSync(stack.journalFile, '{"t":"active","id":1,"ki');
    await run();
    expect(await readJournal(stack.journalFile)).toMatchObject({ damagedLines: [], records: [{ t: "open" }, { t: "planned" }, { t: "healed" }] });
  });

  it("leaves a fault alone while an engine has the journal, unless the watchdog asks", async () => {
    const parent = await stack.control.processes("kafka-1");
    write(open(parent[0]), planned(1, await pause("postgres")));
    const unlock = await lockJournal(stack.journalFile);
    await expect(run()).rejects.toMatchObject({ code: "FL_STACK_BUSY", message: expect.stringContaining(`pid ${parent[0]?.pid}`) as unknown });
    expect((await statusOf(stack.control, "postgres"))?.state).toBe("paused");
    const watchdog = heal({ journalFile: stack.journalFile, control: stack.control, by: "watchdog", clock: fastClock(20) });
    expect((await watchdog).healed).toHaveLength(1);
    // The pid alone proves nothing: the same pid, started at another time, is another process, and of one in a container nothing is known.
    const nobodys = { ...ownIdentity(), start_ticks: 1 };
    for (const engine of [nobodys, { ...(parent[0] as ProcessIdentity), container: { id: "c", started_at: "s" } }]) {
      write(open(engine));
      await expect(run()).rejects.toMatchObject({ code: "FL_STACK_BUSY", message: expect.stringContaining("another chaos engine or heal") as unknown });
    }
    await unlock?.();
    await expect(run()).resolves.toBeDefined();
  });

  it("takes an engine that left its journal open for dead when the lock is free, whatever process has its pid now", async () => {
    const [other] = await stack.control.processes("kafka-1");
    write(open(other), planned(1, await pause("postgres")));
    expect((await run()).healed).toHaveLength(1);
  });

  it("goes on after a fault that it can't undo, and ends with the command to type", async () => {
    write(open(), planned(1, await pause("kafka-1")), planned(2, await pause("postgres")));
    const stuck = await stack.control.processes("postgres");
    const control: NodeControl = {
      ...stack.control,
      signal: async (processes, signal) =>
        stack.control.signal(
          processes.filter(({ pid }) => pid !== stuck[0]?.pid),
          signal,
        ),
    };
    const error = await heal({ journalFile: stack.journalFile, control, by: "heal", clock: fastClock(20) }).catch(
      (caught: unknown) => caught as FaultlineError,
    );
    expect(error).toMatchObject({ code: "FL_HEAL_FAILED", exitCode: 5, remedy: `kill -CONT ${stuck[0]?.pid}` });
    expect((error as FaultlineError).message).toMatch(/fault 2 on postgres: postgres: still stopped/);
    expect((await statusOf(stack.control, "kafka-1"))?.state).toBe("running");
    expect((await run()).healed.map(({ id }) => id)).toEqual([2]);
  });

  it("takes a node that is no more for healed", async () => {
    write(open(), planned(1, { node: "kafka-9", resume: [NOBODY], release: true }));
    expect((await run()).healed).toEqual([{ id: 1, node: "kafka-9", proof: "no process of kafka-9 stopped; the stack has no such node any more" }]);
  });

  const isolate = async (tag: string): Promise<Undo> => {
    await stack.control.impose("kafka-2", tag, { kind: "isolate" }, 60_000);
    expect(await stack.control.measure("kafka-2", "isolate")).toBeNull();
    return { node: "kafka-2", resume: [], release: false, lift: tag };
  };
  const answers = async (): Promise<boolean> => (await stack.control.measure("kafka-2", "isolate")) !== null;

  it("lifts a condition by its journaled undo, also from a node that is down, and twice", async () => {
    const undo = await isolate("run-1");
    write(open(), planned(1, await down("kafka-2")), planned(2, undo));
    expect((await run()).healed).toMatchObject([
      { id: 2, proof: "isolate (run-1) lifted from kafka-2; no process of kafka-2 stopped" },
      { id: 1, node: "kafka-2" },
    ]);
    await expect.poll(answers, { timeout: 10_000 }).toBe(true);
    write(planned(3, undo));
    expect((await run()).healed).toMatchObject([{ id: 3, proof: expect.stringMatching(/^no condition run-1 on kafka-2;/) as unknown }]);
  });

  it("lifts conditions that no journal explains: lines lost, a tag of nobody", async () => {
    await isolate("run-7");
    await stack.control.impose("postgres", "strange", { kind: "cpu", workers: 1 }, 60_000);
    expect((await run()).swept).toEqual([
      { node: "kafka-2", proof: "isolate (run-7) lifted from kafka-2" },
      { node: "postgres", proof: "cpu (strange) lifted from postgres" },
    ]);
    expect(await answers()).toBe(true);
    expect(await stack.control.imposed()).toEqual([]);
    expect((await run()).swept).toEqual([]);
  });

  it("leaves the condition of an engine that is at work on another run, and takes it when that is over", async () => {
    const other = mkdtempSync(join(dirname(stack.directory), "faultline-chaos-other-"));
    try {
      const tag = `${basename(other)}-3`;
      await isolate(tag);
      const unlock = await lockJournal(join(other, basename(stack.journalFile)));
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
    const control: NodeControl = { ...stack.control, lift: () => Promise.resolve() };
    write(open(), planned(1, await pause("postgres")));
    const error = await heal({ journalFile: stack.journalFile, control, by: "heal", clock: fastClock(50) }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "FL_HEAL_FAILED", message: "left over: kafka-2: the condition run-9 could not be taken off within 30 s" });
    expect((await statusOf(stack.control, "postgres"))?.state).toBe("running");
    expect((await run()).swept).toHaveLength(1);
  });

  it("starts what a fault left down where nodes can't be held, by its journaled undo alone", async () => {
    // As with containers: nobody starts what was killed, until it is released.
    await down("kafka-1");
    const unheld: NodeControl = {
      ...stack.control,
      nodes: async () =>
        (await stack.control.nodes()).map((status) => {
          const unknown = { ...status };
          delete unknown.held;
          return unknown;
        }),
    };
    expect((await run("heal", unheld)).swept).toEqual([]);
    expect((await statusOf(stack.control, "kafka-1"))?.state).toBe("down");
    write(open(), planned(1, { node: "kafka-1", resume: [], release: true }));
    expect((await run("heal", unheld)).healed).toMatchObject([{ id: 1, proof: expect.stringMatching(/released, runs with pid \d+$/) as unknown }]);
  });
});
