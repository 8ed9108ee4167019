import { existsSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { composeIsUp } from "./compose-project.ts";
import type { CommandContext } from "./context.ts";

export const RUNTIMES = ["local", "compose"] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** Set in the images: this process is one of the stack's containers. */
export function insideContainer(): boolean {
  return process.env["FAULTLINE_INSIDE"] === "compose";
}

/**
 * The runtime that a command means: the flag, else FAULTLINE_RUNTIME, else the one whose stack is here (local first), else undefined.
 * @throws FaultlineError FL_CONFIG_INVALID
 */
export function chooseRuntime(context: Pick<CommandContext, "root" | "stateDir">, flag: string | undefined): Runtime | undefined {
  const named = flag ?? process.env["FAULTLINE_RUNTIME"];
  if (named !== undefined && named !== "") {
    const runtime = RUNTIMES.find((item) => item === named);
    if (runtime === undefined)
      throw new FaultlineError("FL_CONFIG_INVALID", `${flag === undefined ? "FAULTLINE_RUNTIME" : "--runtime"}: ${named} is no runtime`, {
        remedy: `use one of: ${RUNTIMES.join(", ")}`,
      });
    return runtime;
  }
  if (existsSync(join(context.stateDir, "stack.json"))) return "local";
  return composeIsUp(context.root) ? "compose" : undefined;
}
