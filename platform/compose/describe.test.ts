import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DriverStatus } from "../../contract/job.ts";
import type { Stack } from "../../contract/stack.ts";
import type { NodeReport, StackReport } from "../runtime.ts";
import { eventually, noDocker, SOCKET, TestProject } from "./fixture/project.ts";
import { describeStack } from "./describe.ts";

const why = await noDocker();
const postgres = { host: "127.0.0.1", port: 1, database: "d", user: "u", password_file: "/nowhere" };

describe.skipIf(why !== undefined)(`describeStack${why === undefined ? "" : ` (skipped: ${why})`}`, () => {
  let project: TestProject;
  beforeAll(async () => {
    project = await TestProject.start();
  }, 60_000);
  afterAll(async () => project[Symbol.asyncDispose](), 60_000);

  const stack = (): Stack => ({
    version: 1,
    runtime: "compose",
    run_directory: project.runDirectory,
    bootstrap_servers: ["kafka-1:9092"],
    postgres,
    spark_master: "spark://spark-master:7077",
    trigger: "realtime",
    created_ms: 1,
  });
  const report = async (): Promise<StackReport> => {
    const { name, runDirectory } = project;
    return describeStack(
      { project: name, socketPath: SOCKET, toolsImage: "none", runDirectory, topic: "", postgres },
      stack(),
    );
  };
  const nodeNow = async (name: string): Promise<NodeReport | undefined> =>
    (await report()).nodes.find((node) => node.name === name);
  const driverSays = (state: DriverStatus["state"], at_ms: number): void => {
    const status = {
      version: 3,
      state,
      holder: null,
      generation: 1,
      trigger: "realtime",
      pid: 1,
      at_ms,
      error: "no table",
      partitions: [],
    };
    writeFileSync(join(project.runDirectory, "driver-status.json"), JSON.stringify(status));
  };

  it("has no stack without Kafka, and none of its nodes", async () => {
    expect(await report()).toEqual({
      stack: undefined,
      run_directory: project.runDirectory,
      supervisor: undefined,
      reach: {},
      nodes: [],
      health: null,
      health_unknown: "there is no health.json: no monitor has written one yet",
      sink_errors: [],
    });
  });

  it("says of each node how it is, and how it ended", async () => {
    await Promise.all([
      project.service("kafka-1", ["sh", "-c", "exit 3"], ["--restart", "no"]),
      project.service("producer", ["true"], ["--restart", "no"]),
      project.service("spark", ["sleep", "infinity"]),
    ]);
    const ended = await eventually(
      async () => nodeNow("kafka-1"),
      (node) => node?.state === "down",
    );
    expect(ended).toMatchObject({
      ready: false,
      should_run: true,
      supervision: "down",
      last_exit: { code: 3, signal: null },
      error: null,
    });
    expect(
      await eventually(
        async () => nodeNow("producer"),
        (node) => node?.state === "down",
      ),
    ).toMatchObject({ supervision: "done", should_run: false, last_exit: { code: 0 } });
    expect((await report()).stack).toEqual(stack());
    expect(await nodeNow("driver")).toMatchObject({
      state: "running",
      supervision: "running",
      should_run: true,
      last_exit: null,
    });
  });

  it("says that the driver failed when its job, in this life, ended for good", async () => {
    const starts = (await nodeNow("driver"))?.starts ?? 0;
    driverSays("failed", starts - 1);
    expect(await nodeNow("driver")).toMatchObject({ supervision: "running", error: "no table" });
    driverSays("restarting", starts + 1);
    expect(await nodeNow("driver")).toMatchObject({ supervision: "running", error: "no table" });
    driverSays("failed", starts + 1);
    expect(await nodeNow("driver")).toMatchObject({ state: "running", supervision: "failed", error: "no table" });
  });
});
