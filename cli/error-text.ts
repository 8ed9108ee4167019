import { styleText } from "node:util";
import { FaultlineError } from "../contract/errors.ts";

/** One clear error: code, what is wrong, what to do. The stack is shown only for what Faultline did not foresee. */
export function errorText(error: unknown): string {
  if (error instanceof FaultlineError) {
    const remedy = error.remedy === undefined ? "" : `\n  ${error.remedy}`;
    return `${styleText("red", error.code, { stream: process.stderr })}: ${error.message}${remedy}`;
  }
  return `FL_CRASH: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n  this is a defect of Faultline; please report it with the lines above`;
}
