import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { FaultlineError } from "../contract/errors.ts";
import type { WatchdogSettings } from "./watchdog.ts";

/** Node's start on a busy machine. */
const START_TIMEOUT_MS = 15_000;
const END_TIMEOUT_MS = 5000;

/** The engine's side of its watchdog. */
export type WatchdogLink = {
  /** Starts another watchdog if this one is gone. @throws FaultlineError FL_NODE_FAILED: without a watchdog, no fault. */
  ensure(): Promise<void>;
  /** A fault is (about to be) active: heal unless we give another sign within `ms`. Undefined: no fault is active. */
  lease(ms: number | undefined): void;
  /** The engine ends in order, nothing is left to heal. Resolves when the watchdog has ended. */
  done(): Promise<void>;
  /** Leaves the rest to the watchdog: it heals now, and goes on when this process has ended. */
  handOver(): void;
};

export async function startWatchdog(settings: WatchdogSettings): Promise<WatchdogLink> {
  await mkdir(dirname(settings.logFile), { recursive: true });
  let child = await start(settings);
  return {
    async ensure() {
      if (child.exitCode !== null || child.signalCode !== null) child = await start(settings);
    },
    lease: (ms) => void child.stdin?.write(`lease ${ms ?? "none"}\n`),
    async done() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref(); // else nothing may keep this process alive until it has seen the end
      const ended = once(child, "exit");
      child.stdin?.end("done\n");
      const late = new AbortController();
      await Promise.race([ended, delay(END_TIMEOUT_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
      child.unref();
    },
    handOver: () => void child.stdin?.end(),
  };
}

async function start(settings: WatchdogSettings): Promise<ChildProcess> {
  // Detached = setsid(2): neither Ctrl-C nor a kill of the engine's process group reaches it. Its stdin is the engine's sign of
  // life; Node opens the engine's end close-on-exec, so no other child of the engine keeps it open.
  const script = fileURLToPath(new URL("./watchdog.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.on("error", () => undefined); // it died: ensure() sees that
  const answer = await Promise.race([
    once(child.stdout, "data", { signal: AbortSignal.timeout(START_TIMEOUT_MS) }).then(
      ([chunk]) => String(chunk).trim(),
      () => "no answer",
    ),
    once(child, "exit").then(([code]) => `exit code ${code}`),
    once(child, "error").then(([error]) => String(error)),
  ]);
  if (answer !== "ready") {
    child.kill("SIGKILL");
    throw new FaultlineError("FL_NODE_FAILED", `the watchdog did not start: ${answer}`, {
      remedy: `try: ${process.execPath} ${script} '{}'`,
    });
  }
  // It outlives the engine; it must not keep it from ending.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref();
  return child;
}
