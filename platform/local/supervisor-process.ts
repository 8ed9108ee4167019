import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../../contract/errors.ts";
import { lockHolders } from "./identity-lock.ts";
import { logTail, openLog } from "./log-file.ts";
import { isAlive, signalProcess } from "./process-identity.ts";

export const SUPERVISOR_LOCK = "supervisor.lock";
export const SUPERVISOR_LOG = "supervisor.log";

/** Starts the supervisor of this state directory unless it lives. @throws FaultlineError FL_NODE_FAILED when it does not come up. */
export async function ensureSupervisor(stateDirectory: string): Promise<void> {
  const lock = join(stateDirectory, SUPERVISOR_LOCK);
  if (lockHolders(lock).length > 0) return;
  const logFile = join(stateDirectory, SUPERVISOR_LOG);
  const log = openLog(logFile);
  try {
    const child = spawn(process.execPath, ["--max-old-space-size=64", join(import.meta.dirname, "supervisor-main.ts"), "--state-dir", stateDirectory], {
      cwd: stateDirectory,
      detached: true,
      stdio: ["ignore", log, log],
    });
    child.once("error", () => {});
    child.unref();
  } finally {
    closeSync(log);
  }
  const deadlineMs = Date.now() + 15_000;
  while (lockHolders(lock).length === 0) {
    if (Date.now() > deadlineMs) throw new FaultlineError("FL_NODE_FAILED", `the supervisor did not start:\n${logTail(logFile)}`, { remedy: `see ${logFile}` });
    await sleep(25);
  }
}

/** Ends the supervisor; its nodes live on. */
export async function stopSupervisor(stateDirectory: string): Promise<void> {
  for (const holder of lockHolders(join(stateDirectory, SUPERVISOR_LOCK))) {
    signalProcess(holder, "SIGTERM");
    const deadlineMs = Date.now() + 3_000;
    while (isAlive(holder)) {
      if (Date.now() > deadlineMs) signalProcess(holder, "SIGKILL");
      await sleep(20);
    }
  }
}
