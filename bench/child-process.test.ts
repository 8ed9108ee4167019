import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BenchProcess } from "./child-process.ts";

const folder = mkdtempSync(join(tmpdir(), "bench-child-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(script: string, onLine?: (line: string) => void): BenchProcess {
  const log = join(folder, "child.log");
  return new BenchProcess({
    name: "child",
    command: process.execPath,
    args: ["-e", script],
    env: {},
    cwd: folder,
    log,
    stateDir: folder,
    ...(onLine === undefined ? {} : { onLine }),
  });
}

describe("BenchProcess", () => {
  it("gives whole lines, and ends", async () => {
    const lines: string[] = [];
    const child = start("process.stdout.write('a\\nb'); setTimeout(() => process.stdout.write('c\\n'), 20)", (line) =>
      lines.push(line),
    );
    await child.ended();
    expect(lines).toEqual(["a", "bc"]);
    expect(child.hasEnded).toBe(true);
  });
  it("names the exit code and the log's end when it fails", async () => {
    const child = start("console.error('no such table'); process.exit(3)");
    await expect(child.ended()).rejects.toThrow(/child ended \(exit code 3\)[^]*no such table/);
    expect(() => child.checkAlive()).toThrow(/exit code 3/);
  });
  it("carries the mark by which down finds it", async () => {
    const lines: string[] = [];
    await start("console.log(process.env.FAULTLINE_STATE_DIR, process.env.FAULTLINE_NODE)", (line) =>
      lines.push(line),
    ).ended();
    expect(lines).toEqual([`${folder} bench child`]);
  });
  it("is gone after kill, also when it ignores signals, and when it had never started", async () => {
    const child = start("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)");
    await child.kill();
    expect(() => process.kill(child.pid as number, 0)).toThrow(/ESRCH/);
    const missing = new BenchProcess({
      name: "x",
      command: join(folder, "none"),
      args: [],
      env: {},
      cwd: folder,
      log: join(folder, "x.log"),
      stateDir: folder,
    });
    await missing.kill();
    await expect(missing.ended()).rejects.toThrow("it could not be started");
  });
});
