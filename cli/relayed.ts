import { resolve } from "node:path";
import { isAbsent } from "../contract/capability.ts";
import { FaultlineError } from "../contract/errors.ts";
import type { Runtime } from "../platform/runtime.ts";
import type { CommandContext } from "./context.ts";

type Options = {
  /** Files that the command reads: as they stand in the command line → where the command finds them. */
  files?: Record<string, string>;
  /** Afterwards there is something new in the run's directory. */
  changesRun?: boolean;
};

/**
 * Runs the command where the stack's nodes can be reached, for a runtime whose nodes can't be reached from this process.
 * @returns whether it did so; the exit code is set then, and there is nothing left to do here.
 * @throws FaultlineError FL_STACK_DOWN
 */
export async function relayed(context: CommandContext, runtime: Runtime, options: Options = {}): Promise<boolean> {
  const { relay } = runtime;
  if (isAbsent(relay)) return false;
  if (!relay.isUp())
    throw new FaultlineError("FL_STACK_DOWN", `no stack of the runtime ${runtime.name} is up in this checkout`, {
      remedy: `./faultline up --runtime ${runtime.name}`,
    });
  const { files = {} } = options;
  const argv = context.argv.map((argument) => files[argument] ?? renamed(argument, files));
  context.process.exitCode = await relay.run(
    argv,
    Object.fromEntries(Object.entries(files).map(([file, path]) => [resolve(file), path])),
  );
  if (options.changesRun === true) await relay.fetchRun();
  return true;
}

/** "--plan=FILE" with the file's other name. */
function renamed(argument: string, files: Record<string, string>): string {
  const value = argument.slice(argument.indexOf("=") + 1);
  const other = argument.startsWith("--") ? files[value] : undefined;
  return other === undefined ? argument : argument.slice(0, argument.length - value.length) + other;
}
