import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { required } from "../../contract/capability.ts";
import type { FaultlineError } from "../../contract/errors.ts";
import { isAlive } from "../../machine/process-identity.ts";
import { readPipelineFile } from "../run-directory.ts";
import type { Power, Runtime } from "../runtime.ts";
import { testSettings } from "./fixture/settings.ts";
import { Stage } from "./fixture/stage.ts";
import { localRuntime } from "./runtime.ts";
import { ROOT } from "./state/layout.ts";
import { choosePorts } from "./state/ports.ts";
import { writeSettings } from "./state/settings.ts";

const PIPELINE = join(ROOT, "pipelines/payments.yaml");
const work = { onProgress: () => {}, signal: new AbortController().signal };

let directory: string;
let stateDir: string;
let runtime: Runtime;
let power: Power;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fl-runtime-"));
  stateDir = join(directory, "state");
  runtime = localRuntime({ root: ROOT, stateDir, runsDir: join(directory, "runs"), environment: {} });
  power = required(runtime.power);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function problem(work: Promise<unknown>): Promise<Pick<FaultlineError, "code" | "message" | "remedy">> {
  const { code, message, remedy } = (await work.then(
    () => ({ code: "none", message: "", remedy: undefined }),
    (error: unknown) => error,
  )) as FaultlineError;
  return { code, message, remedy };
}

describe("a place without a stack", () => {
  it("has none, reports no node, and is down at once", async () => {
    expect(runtime.find()).toBeUndefined();
    expect(await runtime.describe()).toEqual({
      stack: undefined,
      run_directory: undefined,
      supervisor: undefined,
      reach: {},
      nodes: [],
      health: null,
      health_unknown: "there is no stack",
      sink_errors: [],
    });
    await power.down({ volumes: true }, work);
    expect(existsSync(stateDir)).toBe(false);
  });

  it("knows the nodes that it would have, and which conditions they can't have", () => {
    const planned = power.plannedNodes({ coordination: "zookeeper" });
    const names = planned.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(names).toContain("zookeeper");
    expect(power.plannedNodes({}).map(({ name }) => name)).not.toContain("zookeeper");
    const postgres = (nodes: typeof planned) => nodes.filter(({ kind }) => kind === "postgres");
    expect(postgres(planned)).toMatchObject([{ unavailable: { failover: expect.stringContaining("no standby") } }]);
    const two = postgres(power.plannedNodes({ postgresStandby: true }));
    expect(two.map(({ name, unavailable }) => [name, unavailable["split-brain"]])).toEqual([
      ["postgres", undefined],
      ["postgres-2", undefined],
    ]);
    const kafka = planned.find(({ name }) => name === "kafka-1");
    expect(Object.keys(kafka?.unavailable ?? {})).toEqual(["disconnect", "isolate", "cpu", "memory"]);
    expect(planned.find(({ name }) => name === "driver")?.unavailable.delay).toMatch(/no client address/);
  });
});

const asked = async (ports: Record<string, number>) => problem(power.check({ pipelineFile: PIPELINE, ports }, "new"));

describe("check, before anything starts", () => {
  it("refuses ports that no node has, that are asked for twice, or that somebody has", async () => {
    expect(await asked({ sql: 21_000 })).toMatchObject({ code: "FL_USAGE" });
    expect(await asked({ postgres: 21_000, zookeeper: 21_000 })).toMatchObject({
      code: "FL_USAGE",
      message: expect.stringContaining("port 21000 is asked for twice") as unknown,
    });
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    try {
      const { port } = server.address() as AddressInfo;
      expect(await asked({ postgres: port })).toMatchObject({ code: "FL_PORT_IN_USE" });
    } finally {
      server.close();
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  it("refuses a pipeline file that is not there", async () => {
    const pipelineFile = join(directory, "none.yaml");
    expect(await problem(power.check({ pipelineFile }, "repair"))).toMatchObject({ code: "FL_PIPELINE_INVALID" });
  });

  it("refuses java that can't be run", async () => {
    const before = process.env["JAVA_HOME"];
    process.env["JAVA_HOME"] = directory;
    try {
      expect(await problem(power.check({ pipelineFile: PIPELINE }, "new"))).toMatchObject({
        code: "FL_PREREQUISITE",
        message: expect.stringContaining("java can't be run") as unknown,
      });
    } finally {
      if (before === undefined) delete process.env["JAVA_HOME"];
      else process.env["JAVA_HOME"] = before;
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  it("refuses other numbers than the data have, and any data where a new stack is wanted", async () => {
    const { sha256 } = readPipelineFile(PIPELINE);
    const settings = testSettings({ pipeline_sha256: sha256, seed: 7, ports: await choosePorts(stateDir) });
    writeSettings(stateDir, settings);
    expect(await problem(power.check({ pipelineFile: PIPELINE }, "new"))).toEqual({
      code: "FL_STACK_BUSY",
      message: expect.stringContaining(stateDir) as unknown,
      remedy: "./faultline down --volumes, then again",
    });
    const sensors = join(ROOT, "pipelines/sensors.yaml");
    for (const [request, what] of [
      [{ seed: 8 }, "seed: asked for 8"],
      [{ malformedPpm: 5 }, "malformed events"],
      [{ coordination: "zookeeper" }, "coordination"],
      [{ pipelineFile: sensors }, "pipeline file"],
      [{ ports: { postgres: settings.ports.postgres + 1 } }, "port of postgres"],
    ] as const)
      expect(await problem(power.check({ pipelineFile: PIPELINE, ...request }, "repair"))).toMatchObject({
        code: "FL_CONFIG_INVALID",
        message: expect.stringContaining(what) as unknown,
      });
    expect(readdirSync(stateDir)).toEqual(["settings.json"]);
  });
});

describe("files of another version", () => {
  it("are refused with what to do about them", async () => {
    mkdirSync(stateDir);
    writeFileSync(join(stateDir, "stack.json"), JSON.stringify({ version: 1, runtime: "local", runDirectory: "/r" }));
    writeFileSync(join(stateDir, "settings.json"), JSON.stringify({ version: 1, runId: "r" }));
    const remedy = expect.stringContaining("./faultline down --volumes") as unknown;
    expect(() => runtime.find()).toThrow(expect.objectContaining({ code: "FL_CONFIG_INVALID", remedy }) as Error);
    expect(await problem(runtime.describe())).toMatchObject({ code: "FL_CONFIG_INVALID", remedy });
  });

  it("do not keep anyone from stopping", async () => {
    await using stage = await Stage.open();
    stage.define("old", "exec sleep 300");
    stage.define("damaged", "exec sleep 300");
    const identities = [await stage.running("old"), await stage.running("damaged")];
    writeFileSync(join(stage.directory, "settings.json"), JSON.stringify({ version: 1, runId: "r" }));
    writeFileSync(join(stage.directory, "nodes/old/spec.json"), JSON.stringify({ name: "old", fatalExitCodes: [] }));
    writeFileSync(join(stage.directory, "nodes/damaged/desired.json"), "{");
    writeFileSync(join(stage.directory, "nodes/damaged/actual.json"), "{");
    const there = localRuntime({ root: ROOT, stateDir: stage.directory, runsDir: directory, environment: {} });
    await required(there.power).down({ volumes: true }, work);
    expect(identities.filter(isAlive)).toEqual([]);
    expect(stage.supervisors()).toEqual([]);
    expect(existsSync(join(stage.directory, "settings.json"))).toBe(false);
  });
});
