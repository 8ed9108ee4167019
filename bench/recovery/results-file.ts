import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { FaultlineError } from "../../contract/errors.ts";
import { parseJsonFile } from "../../contract/parse-file.ts";
import { FIELD_DEFAULTS } from "../../platform/local/nodes/field-defaults.ts";
import { type RecoveryResults, type RecoverySettings, resultsSchema } from "./results.ts";

const REMEDY = "--fresh throws the file's cells away; --results FILE names another file";

/** @returns undefined if there is no file. @throws FaultlineError FL_CONFIG_INVALID for one that can't be read. */
export function readResults(file: string): RecoveryResults | undefined {
  if (!existsSync(file)) return undefined;
  return parseJsonFile(resultsSchema, readFileSync(file, "utf8"), file, { remedy: REMEDY });
}

/**
 * The results that a benchmark goes on with.
 * @param fresh those of before don't count.
 * @throws FaultlineError as readResults; FL_USAGE for a file that was measured with other settings, naming them.
 */
export function resumeResults(file: string, settings: RecoverySettings, fresh: boolean): RecoveryResults {
  const found = fresh ? undefined : readResults(file);
  const { cells = [] } = found ?? {};
  if (found !== undefined && cells.length > 0) requireSame(file, found, settings);
  return { version: 1, kind: "recovery", settings, field_defaults: FIELD_DEFAULTS, cells };
}

function requireSame(file: string, found: RecoveryResults, settings: RecoverySettings): void {
  for (const [name, value] of Object.entries(settings)) {
    const before = found.settings[name as keyof RecoverySettings];
    if (before !== value)
      throw new FaultlineError("FL_USAGE", `${file} was measured with ${name} ${before}, not ${value}`, {
        remedy: REMEDY,
      });
  }
  const hasDefaults = found.cells.some(({ variant }) => variant === "defaults");
  if (hasDefaults && JSON.stringify(found.field_defaults) !== JSON.stringify(FIELD_DEFAULTS))
    throw new FaultlineError("FL_USAGE", `${file} was measured with another list of defaults`, { remedy: REMEDY });
}

export function writeResults(file: string, results: RecoveryResults): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileAtomic.sync(file, `${JSON.stringify(results, undefined, 1)}\n`);
}
