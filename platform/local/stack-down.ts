import { existsSync, rmdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../../contract/errors.ts";
import type { NodeKind, ProcessIdentity } from "../../contract/node.ts";
import { LAYOUT } from "./layout.ts";
import { NodeFiles, type ProcessSpec } from "./node-files.ts";
import { isAlive, signalProcess, toIdentity } from "./process-identity.ts";
import { commandLine, postgresProcesses, readProcessTable, taggedProcesses } from "./process-table.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { Progress } from "./stack-up.ts";
import { withStackLock } from "./stack-lock.ts";
import { ensureSupervisor, stopSupervisor, SUPERVISOR_LOCK, SUPERVISOR_LOG } from "./supervisor-process.ts";

export type DownOptions = {
  stateDir: string;
  /** Also throw away the stack's data. Run directories stay. */
  volumes?: boolean;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
};

/** From the source to the sink, so that each can hand over what it has; those in one group need nothing of each other. Brokers sign off at ZooKeeper. */
const STOP_ORDER: readonly NodeKind[][] = [["producer"], ["driver"], ["spark-worker"], ["spark-master", "kafka", "postgres"], ["zookeeper"]];

/** Time that the supervisor has beyond a node's own stop time. */
const GRACE_MS = 5_000;

/**
 * Stops every node and the supervisor, and proves by /proc that none is left. Works on what is there: after a crash of anything, a reboot, half an `up`.
 * @throws FaultlineError FL_STACK_BUSY, FL_INTERRUPTED, FL_NODE_FAILED when a process can't be ended.
 */
export async function down(options: DownOptions): Promise<void> {
  const beganMs = Date.now();
  const stateDirectory = resolve(options.stateDir);
  if (!existsSync(stateDirectory)) return;
  await withStackLock(stateDirectory, async () => {
    const say = (step: string): void => options.onProgress?.({ step, elapsedMs: Date.now() - beganMs });
    const settings = readSettingsIfAny(stateDirectory);
    rmSync(join(stateDirectory, LAYOUT.stack), { force: true });
    await stopNodes(stateDirectory, settings, say, options.signal);
    await stopSupervisor(stateDirectory);
    await sweep(stateDirectory, settings);
    // What lay on links is over with them.
    rmSync(join(stateDirectory, LAYOUT.links), { recursive: true, force: true });
    say("no process is left");
    if (options.volumes === true) {
      removeData(stateDirectory, settings);
      say("data removed");
    }
  });
  // The lock's directory goes last; another `up` may already have put something new there.
  if (options.volumes === true) {
    try {
      rmdirSync(join(stateDirectory, LAYOUT.upDownLock));
      rmdirSync(stateDirectory);
    } catch {
      // not empty: not ours alone
    }
  }
}

async function stopNodes(stateDirectory: string, settings: Settings | undefined, say: (step: string) => void, signal: AbortSignal | undefined): Promise<void> {
  const files = new NodeFiles(stateDirectory);
  const specs = files.names().flatMap((name) => files.readSpec(name) ?? []);
  const stop = (spec: ProcessSpec): void => files.writeDesired(spec.name, { want: "down", generation: files.readDesired(spec.name)?.generation ?? 0 });
  const left = leftProcesses(stateDirectory, settings);
  if (left.length === 0) {
    for (const spec of specs) stop(spec);
    return;
  }
  await ensureSupervisor(stateDirectory);
  for (const kinds of STOP_ORDER) {
    const group = specs.filter((spec) => kinds.includes(spec.kind));
    for (const spec of group) stop(spec);
    const names = group.map((spec) => spec.name);
    if (names.length > 0) say(`stopping ${names.join(", ")}`);
    const deadlineMs = Date.now() + Math.max(0, ...group.map((spec) => spec.stop.timeoutMs)) + GRACE_MS;
    while (names.some((name) => files.readActual(name).state !== "down") && Date.now() < deadlineMs) {
      if (signal?.aborted) throw new FaultlineError("FL_INTERRUPTED", "interrupted while stopping", { remedy: "./faultline down goes on from here" });
      await sleep(50);
    }
  }
}

function leftProcesses(stateDirectory: string, settings: Settings | undefined): ProcessIdentity[] {
  const table = readProcessTable();
  const found = taggedProcesses(table, stateDirectory);
  if (settings !== undefined)
    for (const directory of [settings.postgres.dataDirectory, `${settings.postgres.dataDirectory}.new`]) found.push(...postgresProcesses(table, directory));
  return found.filter((stat) => stat.pid !== process.pid).map(toIdentity);
}

/** Kills what is left, until nothing is. */
async function sweep(stateDirectory: string, settings: Settings | undefined): Promise<void> {
  const deadlineMs = Date.now() + 10_000;
  for (;;) {
    const left = leftProcesses(stateDirectory, settings).filter(isAlive);
    if (left.length === 0) return;
    if (Date.now() > deadlineMs) {
      const names = left.map((identity) => `${identity.pid} (${commandLine(identity.pid)?.slice(0, 60) ?? "?"})`);
      throw new FaultlineError("FL_NODE_FAILED", `processes that do not end: ${names.join(", ")}`, {
        remedy: "see why they hang (disk?), then ./faultline down",
      });
    }
    for (const identity of left) signalProcess(identity, "SIGKILL");
    await sleep(50);
  }
}

/** The settings go last: they say where the rest lies, should we be killed in between. */
function removeData(stateDirectory: string, settings: Settings | undefined): void {
  if (settings?.postgres.temporaryDirectory !== undefined) rmSync(settings.postgres.temporaryDirectory, { recursive: true, force: true });
  for (const entry of [LAYOUT.data, "nodes", "secrets", SUPERVISOR_LOCK, SUPERVISOR_LOG, `${SUPERVISOR_LOG}.1`])
    rmSync(join(stateDirectory, entry), { recursive: true, force: true });
  rmSync(join(stateDirectory, "settings.json"), { force: true });
}

function readSettingsIfAny(stateDirectory: string): Settings | undefined {
  try {
    return readSettings(stateDirectory);
  } catch {
    // Damaged settings must not keep anyone from stopping.
    return undefined;
  }
}
