import { flushCompileCache } from "node:module";
import { pino, stdTimeFunctions, type Logger } from "pino";
import { FaultlineError } from "../contract/errors.ts";

/** For errors that are no FaultlineError: a bug, or a disk that fails. */
const CRASH_EXIT_CODE = 70;
/** By now all modules are loaded. Node writes its compile cache (NODE_COMPILE_CACHE) at an orderly end only, and ours are killed. */
const LOADED_MS = 5_000;

/**
 * A process that works until it is asked to stop: a log of JSON lines on stdout, SIGTERM and SIGINT as a signal, exit code 0 when `work` ends, that
 * of the error when it fails. The error is also on stderr, in words. Never returns.
 * @param work must end soon after the signal aborts.
 */
export async function serve(name: string, work: (log: Logger, stop: AbortSignal) => Promise<void>): Promise<never> {
  const log = pino({ name, timestamp: stdTimeFunctions.isoTime });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      log.info({ signal }, "asked to stop");
      stop.abort();
    });
  process.on("uncaughtException", (error) => die(log, error));
  setTimeout(flushCompileCache, LOADED_MS).unref();
  try {
    await work(log, stop.signal);
    // Clients of stopped servers can hold sockets and timers open.
    process.exit(0);
  } catch (error) {
    die(log, error);
  }
}

function die(log: Logger, error: unknown): never {
  const known = error instanceof FaultlineError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  log.fatal({ code: known?.code, remedy: known?.remedy, err: known === undefined ? error : undefined }, message);
  const remedy = known?.remedy === undefined ? "" : `  ${known.remedy}\n`;
  process.stderr.write(`${known?.code ?? "crash"}: ${message}\n${remedy}`);
  process.exit(known?.exitCode ?? CRASH_EXIT_CODE);
}
