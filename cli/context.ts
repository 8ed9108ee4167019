import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import type { CommandContext as StricliContext } from "@stricli/core";

/** What every command gets. Paths are absolute. */
export type CommandContext = StricliContext & {
  readonly process: NodeJS.Process;
  /** The checkout. */
  readonly root: string;
  /** All that `up` makes; `down --volumes` removes it. */
  readonly stateDir: string;
  readonly runsDir: string;
  /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process at once. */
  readonly signal: AbortSignal;
  /** The environment on top of .env. For use where no stack is up: a stack knows its own addresses better than the file. */
  dotEnvironment(): Record<string, string | undefined>;
};

export function commandContext(): CommandContext {
  const root = resolve(import.meta.dirname, "..");
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (abort.signal.aborted) process.exit(130);
      process.stderr.write(`\nfaultline: ${name}: undoing and stopping; once more to end at once (then: ./faultline heal)\n`);
      abort.abort();
    });
  }
  return {
    process,
    root,
    stateDir: process.env["FAULTLINE_STATE_DIR"] ?? join(root, ".faultline", "local"),
    runsDir: process.env["FAULTLINE_RUNS_DIR"] ?? join(root, "runs"),
    signal: abort.signal,
    dotEnvironment: () => {
      const file = join(root, ".env");
      return { ...(existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {}), ...process.env };
    },
  };
}
