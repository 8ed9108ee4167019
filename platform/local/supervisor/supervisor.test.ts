import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import writeFileAtomic from "write-file-atomic";
import type { ProcessIdentity } from "../../../contract/process.ts";
import { isAlive, processState, signalProcess } from "../../../machine/process-identity.ts";
import { commandLine, readProcessTable } from "../../../machine/process-table.ts";
import { eventually, Stage } from "../fixture/stage.ts";
import { taggedProcesses } from "./marked-processes.ts";
import { backoffMs } from "./supervisor.ts";
import { ensureSupervisor } from "./supervisor-process.ts";

const SLEEP = "exec sleep 300";
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(async () => stage[Symbol.asyncDispose]());

it("backs off from half a second to ten", () => {
  expect([1, 2, 3, 4, 5, 6, 100].map(backoffMs)).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

describe.concurrent("restarts", () => {
  it("a node that was killed, and says how it ended", async () => {
    stage.define("a-1", SLEEP);
    const first = await stage.running("a-1");
    const killedMs = Date.now();
    signalProcess(first, "SIGKILL");
    const second = await stage.running("a-1", 2);
    expect(Date.now() - killedMs).toBeGreaterThanOrEqual(450);
    expect(second.pid).not.toBe(first.pid);
    expect(stage.files.readActual("a-1").last_exit).toMatchObject({ code: null, signal: "SIGKILL" });
  });

  it("a node that is to wait after its death, also when a hold on it ends meanwhile", async () => {
    stage.define("slow-1", SLEEP, { restart_delay_ms: 1_500 });
    const first = await stage.running("slow-1");
    await stage.hold("slow-1");
    signalProcess(first, "SIGKILL");
    const { last_exit } = await stage.until("slow-1", ({ state }) => state === "held");
    await stage.lifecycle.release("slow-1", "test");
    await stage.until("slow-1", ({ state }) => state === "backoff");
    await stage.running("slow-1", 2);
    expect(Date.now() - (last_exit?.at_ms as number)).toBeGreaterThanOrEqual(1_500);
  });

  it("waits longer from death to death", async () => {
    stage.define("a-2", "exit 3");
    const actual = await stage.until("a-2", (now) => now.failures === 2);
    expect(actual.last_exit?.code).toBe(3);
    expect((actual.next_start_ms as number) - (actual.last_exit?.at_ms as number)).toBe(1000);
  });

  it("without waiting longer, if somebody else kills it again and again", async () => {
    stage.define("a-3", SLEEP);
    for (let start = 1; start <= 3; start++) {
      const process = await stage.running("a-3", start);
      const { started_ms } = stage.files.readActual("a-3");
      await pause((started_ms as number) + 3_100 - Date.now());
      signalProcess(process, "SIGKILL");
      expect((await stage.until("a-3", (now) => now.starts === start + 1)).failures).toBe(1);
    }
  });

  it("not a producer that ended with 0, but a producer that failed", async () => {
    stage.define("done-3", "exit 0", { restart: "on-failure" });
    stage.define("failing-3", "exit 1", { restart: "on-failure" });
    await stage.until("failing-3", (now) => now.starts >= 2);
    expect(stage.files.readActual("done-3")).toMatchObject({ state: "done", starts: 1 });
    stage.files.writeDesired("done-3", { want: "up", generation: 2 });
    await stage.until("done-3", (now) => now.state === "done" && now.starts === 2);
  });

  it("not after an exit code that a start can't cure, until a new start is asked for", async () => {
    stage.define("driver-4", "exit 78", { fatal_exits: { 64: "usage", 78: "configuration" } });
    const actual = await stage.until("driver-4", (now) => now.state === "failed");
    expect(actual.error).toContain("exit code 78 (configuration)");
    await pause(900);
    expect(stage.files.readActual("driver-4").starts).toBe(1);
    stage.define("driver-4", SLEEP, {}, { want: "up", generation: 2 });
    await stage.running("driver-4", 2);
    expect(stage.files.readActual("driver-4").error).toBeNull();
  });

  it("not what is only paused", async () => {
    stage.define("a-5", SLEEP);
    const identity = await stage.running("a-5");
    signalProcess(identity, "SIGSTOP");
    await eventually(async () => (await stage.stateOf("a-5"))?.state === "paused");
    await pause(800);
    expect(stage.files.readActual("a-5")).toMatchObject({ state: "running", starts: 1 });
    signalProcess(identity, "SIGCONT");
    await eventually(async () => (await stage.stateOf("a-5"))?.state === "running");
  });
});

describe.concurrent("hold", () => {
  it("keeps a killed node down until it is released; then it starts at once", async () => {
    stage.define("a-6", SLEEP);
    await stage.running("a-6");
    await stage.hold("a-6");
    await stage.strike("a-6", "kill");
    await stage.until("a-6", (now) => now.state === "held");
    await pause(800);
    expect(stage.files.readActual("a-6").starts).toBe(1);
    expect(await stage.stateOf("a-6")).toMatchObject({ state: "down", held: true });
    const releasedMs = Date.now();
    await stage.lifecycle.release("a-6", "test");
    await stage.running("a-6", 2);
    expect(Date.now() - releasedMs).toBeLessThan(2_000);
  });

  it("ends by itself when its time is over, and the node starts", async () => {
    stage.define("a-17", SLEEP);
    await stage.running("a-17");
    const untilMs = Date.now() + 1_200;
    await stage.lifecycle.hold("a-17", "test", untilMs);
    await stage.strike("a-17", "kill");
    await stage.until("a-17", (now) => now.state === "held");
    await stage.running("a-17", 2);
    expect(Date.now()).toBeGreaterThanOrEqual(untilMs);
    expect(await stage.lifecycle.holds()).not.toContainEqual(expect.objectContaining({ node: "a-17" }));
  });

  it("whose file is damaged holds until it is released", async () => {
    stage.define("a-18", SLEEP);
    await stage.running("a-18");
    mkdirSync(join(stage.directory, "nodes/a-18/holds"));
    writeFileSync(join(stage.directory, "nodes/a-18/holds/test.json"), '{"tag":"te');
    await stage.until("a-18", (now) => now.holds.length === 1);
    await stage.strike("a-18", "kill");
    await stage.until("a-18", (now) => now.state === "held");
    expect(await stage.stateOf("a-18")).toMatchObject({ state: "down", held: true });
    await stage.lifecycle.release("a-18", "test");
    await stage.running("a-18", 2);
  });

  it("outlives the supervisor", async () => {
    await using stage = await Stage.open();
    stage.define("a-7", SLEEP);
    const identity = await stage.running("a-7");
    await stage.hold("a-7");
    await stage.killSupervisor();
    signalProcess(identity, "SIGKILL");
    await ensureSupervisor(stage.directory);
    await stage.until("a-7", (now) => now.state === "held");
    await stage.lifecycle.release("a-7", "test");
    await stage.running("a-7", 2);
    expect(stage.files.readActual("a-7").holds).toEqual([]);
  });

  it("released after `down` does not start the node", async () => {
    stage.define("a-8", SLEEP);
    await stage.running("a-8");
    await stage.hold("a-8");
    stage.files.writeDesired("a-8", { want: "down", generation: 1 });
    await stage.until("a-8", (now) => now.state === "down");
    await stage.lifecycle.release("a-8", "test");
    await pause(500);
    expect(stage.files.readActual("a-8")).toMatchObject({ state: "down", starts: 1 });
  });
});

describe("a damaged file of one node", () => {
  it("is logged once, and the other nodes are supervised on", async () => {
    await using stage = await Stage.open();
    stage.define("bad-19", SLEEP);
    stage.define("good-19", SLEEP);
    await stage.running("bad-19");
    const first = await stage.running("good-19");
    // As a whole: a file that is seen half written is another trouble.
    writeFileAtomic.sync(join(stage.directory, "nodes/bad-19/desired.json"), '{"want":"up","generation":1}');
    signalProcess(first, "SIGKILL");
    await stage.running("good-19", 2);
    const log = readFileSync(join(stage.directory, "supervisor.log"), "utf8");
    expect(log).toContain("desired.json: version (missing) is not known");
    expect(log.match(/"tick failed"/g)?.length).toBe(1);
    const bad = stage.files.readActual("bad-19").process as ProcessIdentity;
    expect(isAlive(bad)).toBe(true);
    stage.files.writeDesired("bad-19", { want: "up", generation: 2 });
    await stage.running("bad-19", 2);
  });
});

describe.concurrent("a killed supervisor", () => {
  it("leaves its nodes alive, and the next adopts and restarts them", async () => {
    await using stage = await Stage.open();
    stage.define("a-9", SLEEP);
    const identity = await stage.running("a-9");
    await stage.killSupervisor();
    expect(isAlive(identity)).toBe(true);
    await ensureSupervisor(stage.directory);
    await pause(500);
    expect(stage.files.readActual("a-9")).toMatchObject({ process: identity, starts: 1 });
    signalProcess(identity, "SIGKILL");
    const second = await stage.running("a-9", 2);
    expect(second.pid).not.toBe(identity.pid);
    expect(stage.files.readActual("a-9").last_exit).toMatchObject({ code: null, signal: null });
  });

  it("between start and record loses no process: it is found by its mark, not started twice", async () => {
    await using stage = await Stage.open();
    stage.define("a-10", `sleep 299 & ${SLEEP}`);
    const identity = await stage.running("a-10");
    await stage.killSupervisor();
    rmSync(join(stage.directory, "nodes/a-10/actual.json"));
    await ensureSupervisor(stage.directory);
    await stage.until("a-10", (now) => now.process?.pid === identity.pid);
    expect(
      taggedProcesses(readProcessTable(), stage.directory, "a-10").filter(
        (stat) => commandLine(stat.pid) === "sleep 300",
      ),
    ).toHaveLength(1);
  });

  it("is one: of many started at once", async () => {
    await using stage = new Stage();
    const starts = Array.from({ length: 4 }, async () => ensureSupervisor(stage.directory));
    await Promise.all(starts);
    stage.define("a-11", "echo started; exec sleep 300");
    await stage.running("a-11");
    const count = (): number =>
      [...readProcessTable().values()].filter((stat) =>
        commandLine(stat.pid)?.includes(`supervisor-main.ts --state-dir ${stage.directory}`),
      ).length;
    await eventually(() => count() === 1);
    expect(readFileSync(join(stage.directory, "a-11.log"), "utf8")).toBe("started\n");
  });
});

describe.concurrent("stops", () => {
  it("a node that ignores SIGTERM, with all its children, and a paused node", async () => {
    stage.define("deaf-12", "trap '' TERM; setsid sleep 298 & while :; do sleep 0.05; done");
    stage.define("paused-12", `trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done`, {
      stop: { signal: "SIGTERM", timeout_ms: 5_000 },
    });
    const deaf = await stage.running("deaf-12");
    const paused = await stage.running("paused-12");
    await eventually(() => stage.processes("deaf-12").length > 2);
    await stage.strike("paused-12", "pause");
    await eventually(() => processState(paused) === "stopped");
    for (const name of ["deaf-12", "paused-12"]) stage.files.writeDesired(name, { want: "down", generation: 1 });
    await stage.until("deaf-12", (now) => now.state === "down");
    await stage.until("paused-12", (now) => now.state === "down");
    expect(isAlive(deaf)).toBe(false);
    expect(stage.processes("deaf-12")).toEqual([]);
    expect(readFileSync(join(stage.directory, "paused-12.log"), "utf8")).toBe("bye\n");
  });

  it("and starts again for a new generation", async () => {
    stage.define("a-13", SLEEP);
    const first = await stage.running("a-13");
    stage.files.writeDesired("a-13", { want: "up", generation: 2 });
    await stage.until("a-13", (now) => now.generation === 2 && now.state === "running");
    expect(isAlive(first)).toBe(false);
    expect(stage.files.readActual("a-13").starts).toBe(2);
  });

  it("children whose parent was killed, before it starts the node again", async () => {
    stage.define("worker-14", `setsid sleep 297 & ${SLEEP}`);
    const first = await stage.running("worker-14");
    await eventually(() => stage.processes("worker-14").length === 2);
    const child = stage.processes("worker-14").find((identity) => identity.pid !== first.pid) as ProcessIdentity;
    signalProcess(first, "SIGKILL");
    await stage.running("worker-14", 2);
    expect(isAlive(child)).toBe(false);
  });
});

describe.concurrent("what can't be started", () => {
  it("is said, and tried again", async () => {
    stage.define("missing-15", "", { command: join(stage.directory, "program") });
    expect((await stage.until("missing-15", (now) => now.error !== null)).error).toMatch(/can't be started: .*ENOENT/);
    writeFileSync(join(stage.directory, "program"), "#!/bin/sh\nexec sleep 300\n");
    chmodSync(join(stage.directory, "program"), 0o755);
    await stage.running("missing-15");
    expect(stage.files.readActual("missing-15").error).toBeNull();
  });

  it("reports a missing secret; with the secret, gets it by its environment alone", async () => {
    const secret = join(stage.directory, "secret");
    stage.define("a-16", 'test $(printf %s "$WORD" | wc -c) = 11 && exec sleep 300', { secret_env: { WORD: secret } });
    await stage.until("a-16", (now) => now.error?.includes("ENOENT") ?? false);
    writeFileSync(secret, "open-sesame\n");
    const identity = await stage.running("a-16");
    await pause(300);
    expect(isAlive(identity)).toBe(true);
    for (const file of ["spec.json", "actual.json", "desired.json"])
      expect(readFileSync(join(stage.directory, "nodes/a-16", file), "utf8")).not.toContain("sesame");
  });
});

it("kills its nodes when the state directory is gone, since nobody could stop them any more", async () => {
  await using stage = await Stage.open();
  const log = `${stage.directory}.log`;
  stage.define("a", SLEEP, { cwd: "/", log });
  const identity = await stage.running("a");
  const [supervisor] = stage.supervisors();
  spawn("rm", ["-rf", stage.directory]);
  await eventually(() => !isAlive(identity) && !isAlive(supervisor as ProcessIdentity));
  expect(existsSync(stage.directory)).toBe(false);
  rmSync(log, { force: true });
});
