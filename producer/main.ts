import { pino } from "pino";
import { FaultlineError } from "../contract/errors.ts";
import { parseOptions } from "./options.ts";
import { runProducer } from "./producer.ts";

/** For errors that are no FaultlineError: a bug, or a disk that fails. */
const CRASH_EXIT_CODE = 70;

const log = pino({ name: "producer" });
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.on(signal, () => {
    log.info({ signal }, "asked to stop");
    stop.abort();
  });
process.on("uncaughtException", (error) => die(error));

try {
  await runProducer(parseOptions(process.argv.slice(2), process.env), log, stop.signal);
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
  process.stderr.write(
    `${known?.code ?? "crash"}: ${error instanceof Error ? error.message : String(error)}\n${known?.remedy === undefined ? "" : `  ${known.remedy}\n`}`,
  );
  process.exit(known?.exitCode ?? CRASH_EXIT_CODE);
}
