import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import type { CommandContext as StricliContext } from "@stricli/core";
import type { RuntimeName } from "../contract/stack.ts";
import type { Place } from "../platform/place.ts";
import type { Runtime } from "../platform/runtime.ts";

/** What every command gets. */
export type CommandContext = StricliContext &
  Place & {
    readonly process: NodeJS.Process;
    /** The command line, without node and script. */
    readonly argv: readonly string[];
    /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process at once. */
    readonly signal: AbortSignal;
    /**
     * The runtime that the command means. Loaded late, because `--help` needs none.
     * @param fallback for commands that make a stack: where neither flag nor environment names a runtime.
     */
    runtime(flag?: RuntimeName, fallback?: RuntimeName): Promise<Runtime>;
    /** The environment on top of .env. For use where no stack is up: a stack knows its own addresses better than the file. */
    dotEnvironment(): Record<string, string | undefined>;
  };

export function commandContext(
  argv: string[],
  environment: Place["environment"] = process.env,
  signal: AbortSignal = endOfWork(),
): CommandContext {
  const root = resolve(import.meta.dirname, "..");
  const place: Place = {
    root,
    stateDir: resolve(environment["FAULTLINE_STATE_DIR"] ?? join(root, ".faultline", "local")),
    runsDir: resolve(environment["FAULTLINE_RUNS_DIR"] ?? join(root, "runs")),
    environment,
  };
  return {
    ...place,
    process,
    argv,
    signal,
    runtime: async (flag, fallback) => (await import("../platform/runtimes.ts")).chooseRuntime(place, flag, fallback),
    dotEnvironment: () => {
      const file = join(root, ".env");
      return { ...(existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {}), ...environment };
    },
  };
}

/** Aborted by the first SIGINT or SIGTERM (the second ends the process), and when nobody reads what is printed any more, as in `| head`. */
function endOfWork(): AbortSignal {
  const abort = new AbortController();
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      abort.abort();
    });
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (abort.signal.aborted) process.exit(130);
      process.stderr.write(
        `\nfaultline: ${name}: undoing and stopping; press Ctrl-C again to end at once (then run ./faultline heal)\n`,
      );
      abort.abort();
    });
  }
  return abort.signal;
}
