import { spawnSync } from "node:child_process";
import { open } from "node:fs/promises";
import { FaultlineError } from "../contract/errors.ts";

/**
 * Takes an exclusive flock(2) on an open file, without waiting. Node has no flock, so util-linux's `flock` does it on an
 * inherited descriptor: the lock belongs to the open file description, which this process shares and keeps. The kernel drops it
 * when the last descriptor of that description is closed, however its process dies, so no lock is ever stale; and it holds
 * between containers that share the file, each with pids of its own. Node opens files close-on-exec (libuv's uv__open), so no
 * child inherits the descriptor and with it the lock.
 * @param path names the file in errors.
 * @returns whether this process has the lock now; false: another process (or another descriptor of this one) has it.
 * @throws FaultlineError FL_PREREQUISITE without the `flock` command.
 */
export function tryLock(fd: number, path: string): boolean {
  const result = spawnSync("flock", ["-n", "3"], { stdio: ["ignore", "ignore", "pipe", fd], encoding: "utf8" });
  if (result.status === 0) return true;
  if (result.status === 1) return false;
  throw new FaultlineError(
    "FL_PREREQUISITE",
    `can't lock ${path}: flock: ${result.error?.message ?? result.stderr.trim()}`,
    { remedy: "install util-linux (it has the flock command), for example: apt-get install util-linux" },
  );
}

/**
 * Locks a file by its path; the file is made, empty, if it does not exist. See tryLock.
 * @returns how to give the lock back, or undefined when somebody else has it.
 * @throws FaultlineError FL_PREREQUISITE without the `flock` command.
 */
export async function lockFile(path: string): Promise<(() => Promise<void>) | undefined> {
  const handle = await open(path, "a", 0o644);
  try {
    if (tryLock(handle.fd, path)) return () => handle.close();
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}
