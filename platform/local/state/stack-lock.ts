import { join } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import { acquireLock } from "../../../machine/identity-lock.ts";
import { LAYOUT } from "./layout.ts";
import { commandLine } from "../../../machine/process-table.ts";

/** Does the work while no other up, down or swap runs on this state directory. @throws FaultlineError FL_STACK_BUSY naming who does. */
export async function withStackLock<T>(stateDirectory: string, work: () => Promise<T>): Promise<T> {
  const lock = await acquireLock(join(stateDirectory, LAYOUT.upDownLock));
  if ("holder" in lock)
    throw new FaultlineError(
      "FL_STACK_BUSY",
      `pid ${lock.holder.pid} (${commandLine(lock.holder.pid)?.slice(0, 120) ?? "?"}) is starting or stopping this stack`,
      {
        remedy: "wait for it, or end it",
      },
    );
  try {
    return await work();
  } finally {
    lock.release();
  }
}
