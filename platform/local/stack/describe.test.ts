import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type Health, partitionHealth } from "../../../contract/health.ts";
import { testSettings } from "../fixture/settings.ts";
import { Stage } from "../fixture/stage.ts";
import { driverStatusPath, LAYOUT } from "../state/layout.ts";
import { writeSettings } from "../state/settings.ts";
import { describeStack } from "./describe.ts";

it("says which nodes should run, what driver and monitor say of partitions, and nothing that is old", async () => {
  await using stage = await Stage.open();
  writeSettings(stage.directory, testSettings({ run_directory: join(stage.directory, "run") }));
  stage.define("driver", "exec sleep 300", { kind: "driver" });
  stage.define("producer", "exit 0", { kind: "producer", restart: "on-failure" });
  stage.define("monitor", "exit 7", { kind: "monitor", fatal_exits: { 7: "broken" } });
  stage.define("kafka-1", "exec sleep 300", { kind: "kafka" }, { want: "down", generation: 1 });
  const { pid } = await stage.running("driver");
  await stage.until("producer", ({ state }) => state === "done");
  await stage.until("monitor", ({ state }) => state === "failed");
  mkdirSync(join(stage.directory, "run"));
  mkdirSync(join(stage.directory, LAYOUT.data), { recursive: true });
  const sink_errors = [{ partition: 1, error: "offset gap", at_ms: 5 }];
  const job = {
    version: 3,
    state: "restarting",
    holder: null,
    generation: 1,
    trigger: "realtime",
    pid,
    at_ms: 9,
    error: "why",
  };
  writeFileSync(driverStatusPath(stage.directory, "driver"), JSON.stringify({ ...job, partitions: sink_errors }));

  const before = await describeStack(stage.directory);
  const should = Object.fromEntries(before.nodes.map((node) => [node.name, node.should_run]));
  expect(should).toEqual({ driver: true, producer: false, monitor: true, "kafka-1": false });
  expect(before.nodes.map(({ name, error }) => [name, error])).toContainEqual(["driver", "why"]);
  expect(before).toMatchObject({ health: null, health_unknown: expect.stringMatching(/no health\.json/), sink_errors });

  const nowMs = Date.now();
  const figures = { partition: 0, nextOffset: 5, logEnd: 5, unstoredAgeMs: 0, movedMs: nowMs };
  const health: Health = { version: 1, at_ms: nowMs, partitions: [partitionHealth(figures, nowMs)] };
  writeFileSync(join(stage.directory, "run/health.json"), JSON.stringify(health));
  expect(await describeStack(stage.directory)).toMatchObject({ health, health_unknown: null });
  writeFileSync(join(stage.directory, "run/health.json"), JSON.stringify({ ...health, at_ms: nowMs - 60_000 }));
  expect(await describeStack(stage.directory)).toMatchObject({ health: null, health_unknown: expect.any(String) });
});
