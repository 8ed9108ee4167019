import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { lockFile } from "./file-lock.ts";
import { identityOf } from "./process-identity.ts";

const directory = mkdtempSync(join(tmpdir(), "faultline-lock-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, "faults.ndjson");
const started: number[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) if (identityOf(pid) !== undefined) process.kill(pid, "SIGKILL");
});

/** A process that takes the lock, starts a child that outlives it, and says the child's pid. */
async function holder(): Promise<{ engine: ChildProcess; child: number }> {
  const script = `
    import { spawn } from "node:child_process";
    import { lockFile } from ${JSON.stringify(join(import.meta.dirname, "file-lock.ts"))};
    const unlock = await lockFile(${JSON.stringify(file)});
    const child = spawn("sleep", ["1000"], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
    console.log(unlock === undefined ? "taken" : child.pid);
    setInterval(() => unlock, 1000);`;
  const engine = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(engine.stdout, "data")) as [Buffer];
  const child = Number(String(said));
  started.push(engine.pid as number, child);
  return { engine, child };
}

describe("a lock on a file", () => {
  it("is one process's, and can be given back", async () => {
    const unlock = await lockFile(file);
    expect(unlock).toBeDefined();
    expect(existsSync(file)).toBe(true);
    expect(await lockFile(file)).toBeUndefined();
    expect(spawnSync("flock", ["-n", file, "true"]).status).toBe(1);
    await unlock?.();
    const again = await lockFile(file);
    expect(again).toBeDefined();
    await again?.();
  });

  it("goes with the process, SIGKILLed, though a child of it lives on", async () => {
    const { engine, child } = await holder();
    expect(await lockFile(file)).toBeUndefined();
    const exited = once(engine, "exit");
    engine.kill("SIGKILL");
    await exited;
    expect(identityOf(child)).toBeDefined();
    const unlock = await lockFile(file);
    expect(unlock).toBeDefined();
    await unlock?.();
  });

  it("says what is missing when there is no flock", async () => {
    const path = process.env["PATH"];
    process.env["PATH"] = directory;
    try {
      await expect(lockFile(file)).rejects.toMatchObject({
        code: "FL_PREREQUISITE",
        message: expect.stringContaining("ENOENT") as unknown,
      });
    } finally {
      process.env["PATH"] = path;
    }
  });
});
