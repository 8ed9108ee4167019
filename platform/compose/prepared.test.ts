import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const main = join(import.meta.dirname, "prepared-main.ts");
const pipeline = readFileSync(join(import.meta.dirname, "../../pipelines/payments.yaml"));
const run = { seed: 7, malformed_ppm: 1000, pipeline_sha256: createHash("sha256").update(pipeline).digest("hex") };

let runs: string;
beforeEach(() => {
  runs = mkdtempSync(join(tmpdir(), "faultline-prepared-"));
});
afterEach(() => rmSync(runs, { recursive: true }));

function exitCode(env: Record<string, string> = {}): number | null {
  const asked = { FAULTLINE_RUNS_DIR: runs, FAULTLINE_SEED: "7", FAULTLINE_MALFORMED_PPM: "1000", ...env };
  return spawnSync(process.execPath, [main], { env: { ...process.env, ...asked } }).status;
}

it("says yes only for a run that is there and is the one that is asked for", () => {
  expect(exitCode()).toBe(1);
  mkdirSync(join(runs, "run-1"));
  writeFileSync(join(runs, "run-1/run.json"), JSON.stringify(run));
  expect(exitCode(), "without the link the run is not whole").toBe(1);
  symlinkSync("run-1", join(runs, "current"));
  expect(exitCode()).toBe(0);
  expect(exitCode({ FAULTLINE_SEED: "8" })).toBe(1);
  expect(exitCode({ FAULTLINE_MALFORMED_PPM: "" }), "an empty variable is the default, 0").toBe(1);
  expect(exitCode({ FAULTLINE_PIPELINE: "pipelines/sensors.yaml" })).toBe(1);
});
