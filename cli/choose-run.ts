import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { RUN_FILES } from "../contract/run.ts";
import type { Place } from "../platform/place.ts";
import type { Runtime } from "../platform/runtime.ts";

type Runs = Pick<Place, "runsDir">;

/** As resolveRun, but undefined when no run is named and there is none. */
export function findRun(place: Runs, runtime: Runtime, named: string | undefined): string | undefined {
  const isNone = named === undefined && runtime.find() === undefined && newest(place) === undefined;
  return isNone ? undefined : resolveRun(place, runtime, named);
}

/**
 * The run that a command means: the run that is named (an id below runs/, or a path), else that of the stack that is up, else the
 * newest.
 * @throws FaultlineError FL_RUN_MISSING
 */
export function resolveRun(place: Runs, runtime: Runtime, named: string | undefined): string {
  if (named !== undefined) {
    for (const directory of [join(place.runsDir, named), resolve(named)])
      if (existsSync(join(directory, RUN_FILES.run))) return directory;
    throw new FaultlineError(
      "FL_RUN_MISSING",
      `${named}: no such run in ${place.runsDir}, and no run directory of that path`,
      { remedy: newest(place) === undefined ? "./faultline demo makes a run" : `the newest run is ${newest(place)}` },
    );
  }
  const stack = runtime.find();
  if (stack !== undefined) return stack.run_directory;
  const run = newest(place);
  if (run !== undefined) return join(place.runsDir, run);
  throw new FaultlineError("FL_RUN_MISSING", `there is no run in ${place.runsDir}`, {
    remedy: "./faultline demo makes a run",
  });
}

/** Ids begin with their UTC time, so the last in order is the newest. */
function newest({ runsDir }: Runs): string | undefined {
  if (!existsSync(runsDir)) return undefined;
  return readdirSync(runsDir)
    .filter((name) => existsSync(join(runsDir, name, RUN_FILES.run)))
    .toSorted()
    .at(-1);
}
