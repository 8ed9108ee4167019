import { join } from "node:path";
import type { RuntimeName } from "../contract/stack.ts";
import type { CommandContext } from "./context.ts";

/** The argv that heals a run's journal in a process of its own, for the chaos engine's watchdog. */
export function watchdogCommand(
  context: Pick<CommandContext, "root" | "stateDir">,
  runtime: RuntimeName,
  runDirectory: string,
): string[] {
  const script = join(context.root, "cli", "main.ts");
  return [
    "/usr/bin/env",
    `FAULTLINE_STATE_DIR=${context.stateDir}`,
    process.execPath,
    script,
    "heal",
    "--by",
    "watchdog",
    "--runtime",
    runtime,
    "--run",
    runDirectory,
  ];
}
