import { FaultlineError } from "../contract/errors.ts";
import type { Stack } from "../contract/stack.ts";
import type { Runtime } from "../platform/runtime.ts";

/** @throws FaultlineError FL_STACK_DOWN */
export function requireStack(runtime: Runtime): Stack {
  const stack = runtime.find();
  if (stack !== undefined) return stack;
  throw new FaultlineError("FL_STACK_DOWN", "no stack is up in this checkout", { remedy: "./faultline up" });
}
