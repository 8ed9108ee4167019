import { spawnSync } from "node:child_process";
import { open } from "node:fs/promises";
import { FaultlineError } from "../contract/errors.ts";

/**
 * Takes the right to write a journal: an engine has it for its whole run, a `heal` while it works. It is an exclusive flock(2) on the
 * journal itself (made, empty, if it is not there). Node has no flock, so util-linux's `flock` does it on an inherited descriptor: the lock
 * belongs to the open file description, which this process shares and keeps. The kernel drops it when the last descriptor of that
 * description is closed, however its process dies, so there is no stale lock; and it holds between containers that share the run directory,
 * each with pids and a network of its own. Node opens files close-on-exec (libuv's uv__open), so no child, the watchdog least of all,
 * inherits the descriptor and with it the lock.
 * @returns how to give it back, or undefined when another process (or another part of this one) has it.
 * @throws FaultlineError FL_PREREQUISITE without the `flock` command.
 */
export async function lockJournal(file: string): Promise<(() => Promise<void>) | undefined> {
  const handle = await open(file, "a", 0o644);
  const result = spawnSync("flock", ["-n", "3"], { stdio: ["ignore", "ignore", "pipe", handle.fd], encoding: "utf8" });
  if (result.status === 0) return () => handle.close();
  await handle.close();
  if (result.status === 1) return undefined;
  throw new FaultlineError("FL_PREREQUISITE", `can't lock ${file}: flock: ${result.error?.message ?? result.stderr.trim()}`, {
    remedy: "install util-linux (it has the flock command), for example: apt-get install util-linux",
  });
}
