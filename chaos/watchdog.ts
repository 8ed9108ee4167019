import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A process of its own, in a session of its own, that heals when the engine can't any more. The engine holds the other end of
 * its stdin; the kernel closes that end however the engine dies. Lines on stdin:
 *   lease MS    a fault is active: heal if neither another line nor the end comes within MS (the engine hangs or is stopped)
 *   lease none  no fault is active
 *   done        the engine ended in order: nothing to do
 * The end of stdin without `done` means heal now. Started by watchdog-link.ts with one argument, JSON of WatchdogSettings.
 */
export type WatchdogSettings = {
  /** The heal command, argv. Must be safe to run any number of times. */
  command: string[];
  /** After this time it heals and ends, whatever the engine does: no watchdog lives forever. */
  lifetimeMs: number;
  logFile: string;
};

const ATTEMPTS = 10;
const ATTEMPT_TIMEOUT_MS = 120_000;
const MAX_DELAY_MS = 10_000;

async function watch({ command, lifetimeMs, logFile }: WatchdogSettings): Promise<void> {
  const log = (text: string): void =>
    appendFileSync(logFile, `${new Date().toISOString()} watchdog ${process.pid}: ${text}\n`);
  let lease: NodeJS.Timeout | undefined;
  let healing: Promise<void> = Promise.resolve();
  const healNow = (why: string): Promise<void> => (healing = healing.then(() => heal(command, why, log)));

  const lifetime = setTimeout(() => {
    void healNow("end of the lifetime").finally(() => process.exit(0));
  }, lifetimeMs);
  process.stdout.on("error", () => undefined); // the engine may be gone before it read "ready"
  process.stdout.write("ready\n");

  let done = false;
  for await (const line of createInterface({ input: process.stdin })) {
    clearTimeout(lease);
    if (line === "done") done = true;
    const leased = /^lease (\d+)$/.exec(line);
    if (leased !== null)
      lease = setTimeout(
        () => void healNow(`no word from the engine for ${leased[1]} ms while a fault is active`),
        Number(leased[1]),
      );
  }
  clearTimeout(lease);
  if (!done) await healNow("the engine is gone");
  await healing;
  clearTimeout(lifetime);
}

async function heal(command: string[], why: string, log: (text: string) => void): Promise<void> {
  log(`${why}: ${command.join(" ")}`);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const outcome = await run(command, log);
    if (outcome === 0) return log("healed");
    log(`attempt ${attempt} of ${ATTEMPTS}: ${outcome}`);
    await delay(Math.min(200 * 2 ** attempt, MAX_DELAY_MS));
  }
  log("gave up");
}

async function run([program = "", ...rest]: string[], log: (text: string) => void): Promise<number | string> {
  const child = spawn(program, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: ATTEMPT_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => log(`| ${line}`));
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code ?? `ended by ${signal}`));
  });
}

await watch(JSON.parse(process.argv[2] ?? "") as WatchdogSettings);
