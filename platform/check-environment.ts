import { type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { checkRuntimeName } from "../contract/config.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { Place } from "./place.ts";

/**
 * Checks the variables that say which stack is meant, and where it is kept.
 * @throws FaultlineError FL_CONFIG_INVALID naming variable, value and remedy.
 */
export function checkEnvironment({ environment, stateDir, runsDir }: Place): void {
  checkRuntimeName(environment["FAULTLINE_RUNTIME"], "FAULTLINE_RUNTIME");
  checkDirectory("FAULTLINE_STATE_DIR", stateDir);
  checkDirectory("FAULTLINE_RUNS_DIR", runsDir);
}

/** A directory that does not exist yet is made when it is needed; nothing on its way may be a file. */
function checkDirectory(variable: string, path: string): void {
  let part = path;
  let found = look(part);
  while (found === undefined && part !== dirname(part)) found = look((part = dirname(part)));
  if (found === undefined || found.isDirectory()) return;
  const why = part === path ? "is not a directory" : `can't be made: ${part} is not a directory`;
  throw new FaultlineError("FL_CONFIG_INVALID", `${variable}: ${path} ${why}`, {
    remedy: `set ${variable} to a directory, or unset it`,
  });
}

/** @returns undefined for what does not exist, also because its parent is a file. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new FaultlineError("FL_CONFIG_INVALID", (error as Error).message, { cause: error });
  }
}
