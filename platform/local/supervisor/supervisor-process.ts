import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import { waitUntil } from "../../../machine/clock.ts";
import { lockHolders } from "../../../machine/identity-lock.ts";
import { logTail, openLog } from "./log-file.ts";
import { isAlive, signalProcess } from "../../../machine/process-identity.ts";

export const SUPERVISOR_LOCK = "supervisor.lock";
export const SUPERVISOR_LOG = "supervisor.log";

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 3_000;

/** Starts the supervisor of this state directory unless it lives. @throws FaultlineError FL_NODE_FAILED when it does not come up. */
export async function ensureSupervisor(stateDirectory: string): Promise<void> {
  const lock = join(stateDirectory, SUPERVISOR_LOCK);
  if (lockHolders(lock).length > 0) return;
  const logFile = join(stateDirectory, SUPERVISOR_LOG);
  const log = openLog(logFile);
  try {
    const child = spawn(
      process.execPath,
      ["--max-old-space-size=64", join(import.meta.dirname, "supervisor-main.ts"), "--state-dir", stateDirectory],
      {
        cwd: stateDirectory,
        detached: true,
        stdio: ["ignore", log, log],
      },
    );
    child.once("error", () => {});
    child.unref();
  } finally {
    closeSync(log);
  }
  if (await waitUntil(START_TIMEOUT_MS, () => lockHolders(lock).length > 0, { everyMs: 25 })) return;
  throw new FaultlineError("FL_NODE_FAILED", `the supervisor did not start:\n${logTail(logFile)}`, {
    remedy: `see ${logFile}`,
  });
}

/** Ends the supervisor; its nodes live on. */
export async function stopSupervisor(stateDirectory: string): Promise<void> {
  for (const holder of lockHolders(join(stateDirectory, SUPERVISOR_LOCK))) {
    signalProcess(holder, "SIGTERM");
    const gone = (): boolean => !isAlive(holder);
    if (await waitUntil(STOP_TIMEOUT_MS, gone, { everyMs: 20 })) continue;
    signalProcess(holder, "SIGKILL");
    await waitUntil(Number.POSITIVE_INFINITY, gone, { everyMs: 20 });
  }
}
