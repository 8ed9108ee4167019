import { spawnSync } from "node:child_process";
import { FaultlineError } from "../contract/errors.ts";

/**
 * Takes an exclusive flock(2) on an open file, without waiting. Node has no flock, so util-linux's `flock` does it on an inherited descriptor:
 * the lock belongs to the open file description, which this process shares, and the kernel drops it when the last process with that description
 * is gone. No stale lock is possible, and it holds across containers of one machine, where pids mean nothing.
 * @throws FaultlineError FL_STACK_BUSY when another process holds it, FL_PREREQUISITE without the `flock` command.
 */
export function lockFile(fd: number, path: string): void {
  const result = spawnSync("flock", ["-n", "3"], { stdio: ["ignore", "ignore", "pipe", fd], encoding: "utf8" });
  if (result.status === 0) return;
  if (result.status === 1)
    throw new FaultlineError("FL_STACK_BUSY", `${path}: another producer writes this ledger`, {
      remedy: "stop it first (its pid stands in producer-status.json beside the ledger); two producers would write the same sequences twice",
    });
  throw new FaultlineError("FL_PREREQUISITE", `can't lock ${path}: flock: ${result.error?.message ?? result.stderr.trim()}`, {
    remedy: "install util-linux (it has the flock command), for example: apt-get install util-linux",
  });
}
