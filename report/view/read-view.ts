import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { RUN_FILES } from "../../contract/run.ts";
import { measureRun, type MeasuredRun } from "../measure/measured-run.ts";
import { type LastRun, lastRun } from "./last-runs.ts";
import { runView, type RunView } from "./run-view.ts";

/** How many runs are compared, and how large a ledger may be to be read for the comparison. */
const MOST_RUNS = 12;
const MOST_LEDGER_BYTES = 64 * 2 ** 20;

/**
 * Reads and measures a run, and the last runs beside it.
 * @throws FaultlineError FL_RUN_MISSING when there is no such directory.
 */
export async function readRunView(runDirectory: string): Promise<RunView> {
  const run = await measureRun(runDirectory);
  return runView(run, await lastRunsOf(run, resolve(runDirectory)));
}

/** Runs of the same pipeline, up to this one, from the oldest to the newest. A run that can't be read is left out. */
async function lastRunsOf(run: MeasuredRun, directory: string): Promise<LastRun[]> {
  const found = [lastRun(run)].filter((each) => each !== undefined);
  // Ids begin with their UTC time.
  const before = siblings(directory)
    .filter((name) => name < run.id)
    .toSorted();
  for (const name of before.toReversed()) {
    if (found.length >= MOST_RUNS) break;
    const other = await measureRun(join(dirname(directory), name)).catch(() => undefined);
    const summary = other?.pipeline.value?.name === run.pipeline.value?.name && other && lastRun(other);
    if (summary) found.unshift(summary);
  }
  return found;
}

function siblings(directory: string): string[] {
  const parent = dirname(directory);
  const isReadable = (name: string): boolean => {
    const at = (file: keyof typeof RUN_FILES): string => join(parent, name, RUN_FILES[file]);
    const ledger = statSync(at("ledger"), { throwIfNoEntry: false });
    return existsSync(at("verdict")) && existsSync(at("run")) && (ledger?.size ?? 0) <= MOST_LEDGER_BYTES;
  };
  return readdirSync(parent).filter(isReadable);
}
