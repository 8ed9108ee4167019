import { existsSync, rmdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import type { NodeKind } from "../../../contract/node.ts";
import type { ProcessIdentity } from "../../../contract/process.ts";
import { LAYOUT } from "../state/layout.ts";
import { NodeFiles, type ProcessSpec } from "../supervisor/node-files.ts";
import { isAlive, signalProcess, toIdentity } from "../../../machine/process-identity.ts";
import { waitUntil } from "../../../machine/clock.ts";
import { commandLine, readProcessTable } from "../../../machine/process-table.ts";
import type { OnProgress } from "../../runtime.ts";
import { isPublicHome } from "../nodes/postgres-home.ts";
import { findPostgresHome, SETTINGS_FILE } from "../state/settings.ts";
import { postgresProcesses, taggedProcesses } from "../supervisor/marked-processes.ts";
import { withStackLock } from "../state/stack-lock.ts";
import { ensureSupervisor, stopSupervisor, SUPERVISOR_LOCK, SUPERVISOR_LOG } from "../supervisor/supervisor-process.ts";

export type DownOptions = {
  stateDir: string;
  /** Also throw away the stack's data. Run directories stay. */
  volumes?: boolean;
  onProgress?: OnProgress;
  signal?: AbortSignal;
};

/**
 * From the source to the sink, so that each can hand over what it has; those in one group need nothing of each other. Brokers sign off at
 * ZooKeeper. The monitor has seen the driver end by then, and does not see Kafka and PostgreSQL end.
 */
const STOP_ROUND: Record<NodeKind, number> = {
  producer: 0,
  driver: 1,
  "spark-worker": 2,
  monitor: 2,
  "spark-master": 3,
  kafka: 3,
  postgres: 3,
  zookeeper: 4,
};

/** Time that the supervisor has beyond a node's own stop time. */
const GRACE_MS = 5_000;
const SWEEP_TIMEOUT_MS = 10_000;

type Home = ReturnType<typeof findPostgresHome>;

/**
 * Stops every node and the supervisor, and proves by /proc that none is left. Works on what is there: after a crash of anything, a reboot, half an `up`.
 * @throws FaultlineError FL_STACK_BUSY, FL_INTERRUPTED, FL_NODE_FAILED when a process can't be ended.
 */
export async function down(options: DownOptions): Promise<void> {
  const stateDirectory = resolve(options.stateDir);
  if (!existsSync(stateDirectory)) return;
  await withStackLock(stateDirectory, async () => {
    const say = options.onProgress ?? (() => {});
    const home = findPostgresHome(stateDirectory);
    rmSync(join(stateDirectory, LAYOUT.stack), { force: true });
    await stopNodes(stateDirectory, home, say, options.signal);
    await stopSupervisor(stateDirectory);
    await sweep(stateDirectory, home);
    // What lay on links is over with them.
    rmSync(join(stateDirectory, LAYOUT.links), { recursive: true, force: true });
    say("no process is left");
    if (options.volumes === true) {
      removeData(stateDirectory, home);
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

async function stopNodes(
  stateDirectory: string,
  home: Home,
  say: OnProgress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const files = new NodeFiles(stateDirectory);
  // Files that this build can't read must not keep anyone from stopping: the sweep ends their processes.
  const specs = files.names().flatMap((name) => ifReadable(() => files.readSpec(name)) ?? []);
  const stop = ({ name }: ProcessSpec): void =>
    files.writeDesired(name, { want: "down", generation: ifReadable(() => files.readDesired(name))?.generation ?? 0 });
  const isDown = ({ name }: ProcessSpec): boolean => ifReadable(() => files.readActual(name))?.state === "down";
  if (specs.length === 0 || leftProcesses(stateDirectory, home).length === 0) {
    for (const spec of specs) stop(spec);
    return;
  }
  await ensureSupervisor(stateDirectory);
  const rounds = Map.groupBy(specs, ({ kind }) => STOP_ROUND[kind]);
  for (const [, group] of [...rounds].toSorted(([a], [b]) => a - b)) {
    for (const spec of group) stop(spec);
    say(`stopping ${group.map((spec) => spec.name).join(", ")}`);
    const timeoutMs = Math.max(...group.map((spec) => spec.stop.timeout_ms)) + GRACE_MS;
    await waitUntil(timeoutMs, () => group.every(isDown), { everyMs: 50, signal });
    if (signal?.aborted)
      throw new FaultlineError("FL_INTERRUPTED", "interrupted while stopping", {
        remedy: "./faultline down goes on from here",
      });
  }
}

function leftProcesses(stateDirectory: string, home: Home): ProcessIdentity[] {
  const table = readProcessTable();
  const found = taggedProcesses(table, stateDirectory);
  const data = home?.data_directory ?? join(stateDirectory, LAYOUT.data, "postgres");
  for (const directory of [data, `${data}.new`, `${data}-2`]) found.push(...postgresProcesses(table, directory));
  return found.filter((stat) => stat.pid !== process.pid).map(toIdentity);
}

/** Kills what is left, until nothing is. */
async function sweep(stateDirectory: string, home: Home): Promise<void> {
  let left: ProcessIdentity[] = [];
  const isSwept = (): boolean => {
    left = leftProcesses(stateDirectory, home).filter(isAlive);
    for (const identity of left) signalProcess(identity, "SIGKILL");
    return left.length === 0;
  };
  if (await waitUntil(SWEEP_TIMEOUT_MS, isSwept, { everyMs: 50 })) return;
  const names = left.map((identity) => `${identity.pid} (${commandLine(identity.pid)?.slice(0, 60) ?? "?"})`);
  throw new FaultlineError("FL_NODE_FAILED", `processes that do not end: ${names.join(", ")}`, {
    remedy: "see why they hang (disk?), then ./faultline down",
  });
}

/** The settings go last: they say where the rest lies, should we be killed in between. */
function removeData(stateDirectory: string, home: Home): void {
  // Only what we made: the file that names it may be damaged.
  const temporary = home?.temporary_directory;
  if (temporary !== undefined && isPublicHome(temporary)) rmSync(temporary, { recursive: true, force: true });
  for (const entry of [LAYOUT.data, "nodes", "secrets", SUPERVISOR_LOCK, SUPERVISOR_LOG, `${SUPERVISOR_LOG}.1`])
    rmSync(join(stateDirectory, entry), { recursive: true, force: true });
  rmSync(join(stateDirectory, SETTINGS_FILE), { force: true });
}

function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
