import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { acquireLock, lockHolders } from "./identity-lock.ts";
import { bootId } from "./process-identity.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fl-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Takes the lock; while it has it, a file must not exist, then must; in the end it dies without a release. */
const CONTENDER = `
import { acquireLock } from ${JSON.stringify(join(import.meta.dirname, "identity-lock.ts"))};
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
const [lock, log] = process.argv.slice(1);
for (let round = 0; round < 40; round++) {
  const result = await acquireLock(lock);
  if ("holder" in result) continue;
  try { writeFileSync(log + ".in", String(process.pid), { flag: "wx" }); } catch { appendFileSync(log, "two at once\\n"); }
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
  appendFileSync(log, "held\\n");
  rmSync(log + ".in", { force: true });
  result.release();
}
await acquireLock(lock + ".last");
process.kill(process.pid, "SIGKILL");
`;

it("never lets two processes in, and is free when its holder was killed", async () => {
  const log = join(directory, "log");
  const lock = join(directory, "lock");
  const contenders = Array.from({ length: 4 }, () =>
    spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "-e", CONTENDER, lock, log],
      { stdio: "inherit" },
    ),
  );
  await Promise.all(contenders.map(async (child) => once(child, "exit")));
  const lines = readFileSync(log, "utf8").trim().split("\n");
  expect(lines.filter((line) => line !== "held")).toEqual([]);
  expect(lines.length).toBeGreaterThan(10);

  expect(readdirSync(`${lock}.last`).length).toBeGreaterThan(0);
  expect(lockHolders(`${lock}.last`)).toEqual([]);
  const result = await acquireLock(`${lock}.last`);
  expect("release" in result).toBe(true);
});

it("is not taken twice by one process", async () => {
  const first = await acquireLock(directory);
  const second = await acquireLock(directory);
  expect("holder" in second && second.holder.pid).toBe(process.pid);
  if ("release" in first) first.release();
  expect("release" in (await acquireLock(directory))).toBe(true);
});

it("names the live holder, and ignores one of another boot", async () => {
  const child = spawn("sleep", ["60"]);
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(" ");
  writeFileSync(join(directory, `${child.pid}.${stat[21]}.00000000-0000-0000-0000-000000000000`), "");
  expect(lockHolders(directory)).toEqual([]);
  writeFileSync(join(directory, `${child.pid}.${stat[21]}.${bootId()}`), "");
  const result = await acquireLock(directory);
  expect("holder" in result && result.holder.pid).toBe(child.pid);
  child.kill("SIGKILL");
  expect(existsSync(directory)).toBe(true);
});
