import { join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { parseJsonFile } from "../../../contract/parse-file.ts";
import { type Stack, stackSchema } from "../../../contract/stack.ts";
import { LAYOUT } from "../state/layout.ts";
import { readIfThere, UNREADABLE } from "../state/state-file.ts";

/** The stack that `up` started in this state directory, if it is up. @throws FaultlineError FL_CONFIG_INVALID for a file that does not fit */
export function readStack(stateDirectory: string): Stack | undefined {
  const file = join(stateDirectory, LAYOUT.stack);
  const text = readIfThere(file);
  return text === undefined ? undefined : parseJsonFile(stackSchema, text, file, { remedy: UNREADABLE });
}

/** The last step of an `up`. */
export function writeStack(stateDirectory: string, stack: Stack): void {
  writeFileAtomic.sync(join(stateDirectory, LAYOUT.stack), `${JSON.stringify(stack, undefined, 2)}\n`);
}
