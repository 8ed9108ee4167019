import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { type PostgresLogin, type Stack, stackSchema } from "../contract/stack.ts";
import type { CommandContext } from "./context.ts";

/** The stack that `up` started here, or undefined. Reads one file; asks no process whether it lives. */
export function findStack(context: Pick<CommandContext, "stateDir">): Stack | undefined {
  const file = join(context.stateDir, "stack.json");
  if (!existsSync(file)) return undefined;
  const result = stackSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!result.success)
    throw new FaultlineError("FL_CONFIG_INVALID", `${file} is not a stack file of this version: ${result.error.issues[0]?.message}`, {
      remedy: "./faultline down --volumes, then ./faultline up",
    });
  return result.data;
}

/** @throws FaultlineError FL_STACK_DOWN */
export function requireStack(context: Pick<CommandContext, "stateDir">): Stack {
  const stack = findStack(context);
  if (stack === undefined) throw new FaultlineError("FL_STACK_DOWN", "no stack is up in this checkout", { remedy: "./faultline up" });
  return stack;
}

/** The stack's login, with the password from its file of mode 0600. */
export function stackLogin(stack: Stack): PostgresLogin {
  const { passwordFile, ...address } = stack.postgres;
  return { ...address, password: readFileSync(passwordFile, "utf8").trim() };
}
