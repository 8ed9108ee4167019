import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { HEALTH_FRESH_MS, partitionHealth } from "../../contract/health.ts";
import { DRIVER_FRESH_MS } from "../../contract/job.ts";

/** The health check of the driver's container, which has neither Node nor jq: the rule of `ready` in shell. */
const SCRIPT = join(import.meta.dirname, "../../spark-app/bin/healthy.sh");
const directory = mkdtempSync(join(tmpdir(), "faultline-healthy-"));
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  for (const file of ["driver-status.json", "driver-2-status.json", "health.json"])
    rmSync(join(directory, file), { force: true });
});

function check(driver?: string): { isHealthy: boolean; says: string } {
  const environment = { PATH: process.env["PATH"], FAULTLINE_RUN_DIRECTORY: directory, FAULTLINE_DRIVER: driver };
  const { status, stdout, stderr } = spawnSync("bash", [SCRIPT, "driver"], { encoding: "utf8", env: environment });
  return { isHealthy: status === 0, says: `${stdout}${stderr}` };
}

/** As StatusFile.java writes it: an error of the sink is quoted in it, with the time of that error. */
function driverSays(state: string, ageMs: number, driver = "driver"): void {
  const partitions = [{ partition: 2, error: 'column "state":"running"', at_ms: Date.now() }];
  const head = {
    version: 3,
    state,
    holder: null,
    generation: 1,
    trigger: "realtime",
    pid: 7,
    at_ms: Date.now() - ageMs,
  };
  writeFileSync(join(directory, `${driver}-status.json`), `${JSON.stringify({ ...head, error: null, partitions })}\n`);
}

function monitorSays(standstillMs: number, ageMs: number): void {
  const atMs = Date.now() - ageMs;
  const figures = { nextOffset: 1, logEnd: 9, unstoredAgeMs: null, movedMs: atMs - standstillMs };
  const partitions = [atMs, figures.movedMs].map((movedMs, partition) =>
    partitionHealth({ ...figures, partition, movedMs }, atMs),
  );
  const health = { version: 1, at_ms: atMs, partitions };
  writeFileSync(join(directory, "health.json"), JSON.stringify(health));
}

it("has the bounds of the contract", () => {
  const bounds = [...readFileSync(SCRIPT, "utf8").matchAll(/<= (\d+)\)\)/g)].map(([, ms]) => Number(ms));
  expect(bounds).toEqual([DRIVER_FRESH_MS]);
  expect(HEALTH_FRESH_MS).toBe(DRIVER_FRESH_MS);
});

it("is healthy only while the query runs, by a sign of life of the last seconds", () => {
  expect(check().isHealthy).toBe(false);
  driverSays("running", 0);
  expect(check()).toEqual({ isHealthy: true, says: "" });
  driverSays("running", DRIVER_FRESH_MS + 1);
  expect(check()).toMatchObject({ isHealthy: false, says: expect.stringContaining("the driver hangs") });
  driverSays("restarting", 0);
  expect(check()).toMatchObject({ isHealthy: false, says: expect.stringContaining("does not run") });
});

it("is not healthy while a partition is stuck, by a health.json of the last seconds", () => {
  driverSays("running", 0);
  monitorSays(29_000, 0);
  expect(check().isHealthy).toBe(true);
  monitorSays(31_000, 0);
  expect(check()).toMatchObject({
    isHealthy: false,
    says: expect.stringMatching(/^a partition is stuck: \{"partition":1,.*\}$/m),
  });
  monitorSays(31_000, HEALTH_FRESH_MS + 1);
  expect(check().isHealthy).toBe(true);
  writeFileSync(join(directory, "health.json"), "");
  expect(check().isHealthy).toBe(true);
});

it("is healthy as a standby by the file of its own, also while a partition is stuck", () => {
  driverSays("running", 0);
  expect(check("driver-2").isHealthy).toBe(false);
  driverSays("standby", 0, "driver-2");
  monitorSays(31_000, 0);
  expect([check("driver-2").isHealthy, check("driver").isHealthy]).toEqual([true, false]);
  driverSays("standby", DRIVER_FRESH_MS + 1, "driver-2");
  expect(check("driver-2")).toMatchObject({ isHealthy: false, says: expect.stringContaining("the driver hangs") });
});
