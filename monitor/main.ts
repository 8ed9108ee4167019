import { pino } from "pino";
import { FaultlineError } from "../contract/errors.ts";
import { runMonitor } from "./monitor.ts";
import { parseOptions } from "./options.ts";

/** The process that watches a run. Ends with 0 on SIGTERM or SIGINT, when its files are whole. */

/** For errors that are no FaultlineError: a bug, or a disk that fails. */
const CRASH_EXIT_CODE = 70;

const log = pino(
  { name: "monitor", timestamp: pino.stdTimeFunctions.isoTime },
  pino.destination({ dest: 1, sync: true }),
);
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.on(signal, () => {
    log.info({ signal }, "asked to stop");
    stop.abort();
  });
process.on("uncaughtException", (error) => die(error));

try {
  await runMonitor(parseOptions(process.argv.slice(2), process.env), log, stop.signal);
  // Clients of stopped brokers can hold sockets and timers open.
  process.exit(0);
} catch (error) {
  die(error);
}

function die(error: unknown): never {
  const known = error instanceof FaultlineError ? error : undefined;
  log.fatal(
    { code: known?.code, remedy: known?.remedy, err: known === undefined ? error : undefined },
    error instanceof Error ? error.message : String(error),
  );
  process.exit(known?.exitCode ?? CRASH_EXIT_CODE);
}
