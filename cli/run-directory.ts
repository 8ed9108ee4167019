import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { RUN_FILES } from "../contract/run.ts";
import type { CommandContext } from "./context.ts";
import { findStack } from "./stack-access.ts";

/** As resolveRun, but undefined when no run is named and there is none. */
export function findRun(context: Pick<CommandContext, "stateDir" | "runsDir">, named: string | undefined): string | undefined {
  return named === undefined && findStack(context) === undefined && newest(context) === undefined ? undefined : resolveRun(context, named);
}

/**
 * The run that a command means: the one named (an id below runs/, or a path), else that of the stack that is up, else the newest.
 * @throws FaultlineError FL_RUN_MISSING
 */
export function resolveRun(context: Pick<CommandContext, "stateDir" | "runsDir">, named: string | undefined): string {
  if (named !== undefined) {
    for (const directory of [join(context.runsDir, named), resolve(named)]) if (existsSync(join(directory, RUN_FILES.run))) return directory;
    throw new FaultlineError("FL_RUN_MISSING", `--run ${named}: no such run in ${context.runsDir}, and no run directory of that path`, {
      remedy: newest(context) === undefined ? "./faultline demo makes one" : `the newest is ${newest(context)}`,
    });
  }
  const stack = findStack(context);
  if (stack !== undefined) return stack.runDirectory;
  const run = newest(context);
  if (run === undefined) throw new FaultlineError("FL_RUN_MISSING", `there is no run in ${context.runsDir}`, { remedy: "./faultline demo makes one" });
  return join(context.runsDir, run);
}

/** Ids begin with their UTC time, so the last in order is the newest. */
function newest(context: Pick<CommandContext, "runsDir">): string | undefined {
  if (!existsSync(context.runsDir)) return undefined;
  return readdirSync(context.runsDir)
    .filter((name) => existsSync(join(context.runsDir, name, RUN_FILES.run)))
    .toSorted()
    .at(-1);
}
