import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { commandLine, descendantsOf, readProcessTable } from "../../../machine/process-table.ts";
import { NODE_VARIABLE, STATE_VARIABLE, taggedProcesses } from "./marked-processes.ts";
import { killTagged } from "../fixture/kill-tagged.ts";

let directory: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fl-table-"));
});
afterEach(() => {
  killTagged(directory);
  child?.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

it("finds a node's children in sessions of their own, also when their parent is dead", async () => {
  const env = { PATH: process.env["PATH"] ?? "", [STATE_VARIABLE]: directory, [NODE_VARIABLE]: "n-1" };
  child = spawn("sh", ["-c", "setsid sleep 61 & exec sleep 62"], { env, detached: true });
  const main = child.pid as number;
  const sleepers = (): (string | undefined)[] =>
    descendantsOf(readProcessTable(), main)
      .map((stat) => commandLine(stat.pid))
      .filter((text) => text === "sleep 61");
  await expect.poll(sleepers, { timeout: 5_000, interval: 10 }).toEqual(["sleep 61"]);

  process.kill(main, "SIGKILL");
  const left = (): (string | undefined)[] =>
    taggedProcesses(readProcessTable(), directory, "n-1").map((stat) => commandLine(stat.pid));
  await expect.poll(left, { timeout: 5_000, interval: 10 }).toEqual(["sleep 61"]);
  expect(taggedProcesses(readProcessTable(), directory, "n-2")).toEqual([]);
  expect(taggedProcesses(readProcessTable(), `${directory}x`)).toEqual([]);
});

it("leaves alone a user's shell that only names the state directory", async () => {
  child = spawn("sleep", ["63"], { env: { PATH: process.env["PATH"] ?? "", [STATE_VARIABLE]: directory } });
  await expect.poll(() => commandLine(child?.pid as number), { timeout: 5_000 }).toBe("sleep 63");
  expect(taggedProcesses(readProcessTable(), directory)).toEqual([]);
});
