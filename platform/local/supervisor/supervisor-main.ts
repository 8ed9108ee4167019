import { join } from "node:path";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { acquireLock } from "../../../machine/identity-lock.ts";
import { boundLog } from "./log-file.ts";
import { Supervisor } from "./supervisor.ts";
import { SUPERVISOR_LOCK, SUPERVISOR_LOG } from "./supervisor-process.ts";

/** The daemon, one per state directory. Ends on SIGTERM and leaves its nodes alive. */
const { values } = parseArgs({ options: { "state-dir": { type: "string" } } });
const stateDirectory = values["state-dir"];
if (stateDirectory === undefined) throw new Error("--state-dir is missing");

const logFile = join(stateDirectory, SUPERVISOR_LOG);
boundLog(logFile);
const log = pino(
  { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
  pino.destination({ dest: logFile, append: true, mkdir: true, sync: true }),
);

const lock = await acquireLock(join(stateDirectory, SUPERVISOR_LOCK));
if ("holder" in lock) {
  log.info({ holder: lock.holder.pid }, "another supervisor is there");
  process.exit(0);
}
log.info("supervising");

const supervisor = new Supervisor(stateDirectory, log);
const end = (why: string): void => {
  log.info(why);
  lock.release();
  process.exit(0);
};
process.on("SIGTERM", () => end("told to end"));
// A terminal's Ctrl-C and hang-up are not for the daemon.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});

const TICK_MS = 100;
const LOG_CHECK_MS = 5_000;
let logsCheckedMs = Date.now();
setInterval(() => {
  if (supervisor.stateIsGone) {
    supervisor.killAll();
    process.exit(1);
  }
  supervisor.tick();
  if (Date.now() - logsCheckedMs < LOG_CHECK_MS) return;
  logsCheckedMs = Date.now();
  supervisor.boundLogs();
  boundLog(logFile);
}, TICK_MS);
