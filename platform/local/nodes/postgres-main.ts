import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Client } from "pg";
import { waitUntil } from "../../../machine/clock.ts";
import { withPostgres } from "../../protocol/postgres-client.ts";
import { readSettings, type Settings } from "../state/settings.ts";
import { type Cluster, dataDirectory, otherServer, requireCluster } from "./postgres-cluster.ts";
import { copyAsStandby } from "./postgres-copy.ts";
import { writePostgresConfiguration } from "./postgres-prepare.ts";
import { slotName, standbyLogin } from "./postgres-standby.ts";

/**
 * The start of one of two servers, as a process that becomes PostgreSQL. What it starts as is decided by postgres-cluster.json alone, so it does not
 * matter who starts it, or which step of a promotion was the last one done:
 * - The primary starts as it is. If it is still a standby, an engine died between decision and promotion: it recovers to the end and promotes itself.
 * - Any other server starts as a standby of the primary. If it is none yet (no copy was made, a copy was broken off, or it was the primary), it
 *   copies the primary's data first.
 */

/** So long the primary may be away; then the supervisor starts this again. */
const PRIMARY_TIMEOUT_MS = 60_000;
const COPY_TIMEOUT_MS = 600_000;

const { values } = parseArgs({ options: { "state-dir": { type: "string" }, node: { type: "string" } } });
const stateDirectory = values["state-dir"] ?? "";
const node = values.node ?? "";

try {
  await start();
} catch (error) {
  console.error(`${node} can't start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function start(): Promise<void> {
  const settings = readSettings(stateDirectory);
  if (settings === undefined) throw new Error(`there is no stack in ${stateDirectory}`);
  const cluster = requireCluster(stateDirectory);
  const directory = dataDirectory(settings, node);
  if (cluster.primary === node) finishPromotion(directory);
  else await makeStandby(settings, directory, cluster);
  writePostgresConfiguration(settings, stateDirectory, node);
  if (requireCluster(stateDirectory).primary !== cluster.primary)
    throw new Error("another server became the primary meanwhile");
  becomePostgres(settings, directory);
}

/** A recovery with recovery.signal ends in a new timeline, as a promotion does. Without a signal it would go on with the old one. */
function finishPromotion(directory: string): void {
  const signal = join(directory, "standby.signal");
  if (!existsSync(signal)) return;
  console.error(`${node} was to be promoted: it recovers all that it has received, and takes writes then`);
  renameSync(signal, join(directory, "recovery.signal"));
}

async function makeStandby(settings: Settings, directory: string, { primary }: Cluster): Promise<void> {
  if (existsSync(join(directory, "standby.signal")) && !(await hasLostWal(settings, primary))) return;
  console.error(`${node} copies the data of ${primary}`);
  let problem: unknown;
  const copied = await waitUntil(PRIMARY_TIMEOUT_MS, async () => {
    try {
      await onPrimary(settings, primary, COPY_TIMEOUT_MS, async (client) => copy(settings, directory, client));
      return true;
    } catch (error) {
      problem = error;
      return false;
    }
  });
  if (!copied) throw new Error(`${primary} could not be copied: ${(problem as Error).message}`);
}

async function copy(settings: Settings, to: string, primary: Client): Promise<void> {
  const from = dataDirectory(settings, otherServer(node));
  const startMs = performance.now();
  await copyAsStandby({ primary, from, to, slot: slotName(node), user: settings.postgres.user });
  console.error(`${node} has the data after ${Math.round(performance.now() - startMs)} ms`);
}

/** Whether the primary says that it no longer has the WAL that this server needs. If it can't be asked, the stream will tell. */
async function hasLostWal(settings: Settings, primary: string): Promise<boolean> {
  try {
    return await onPrimary(settings, primary, 2_000, async (client) => {
      const { rows } = await client.query<{ wal_status: string }>(
        "SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1",
        [slotName(node)],
      );
      return rows[0] === undefined || rows[0].wal_status === "lost";
    });
  } catch {
    return false;
  }
}

/** @throws also if the server is still a standby: its promotion is under way. */
async function onPrimary<T>(
  settings: Settings,
  primary: string,
  timeoutMs: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return withPostgres(
    standbyLogin(settings, stateDirectory, primary),
    async (client) => {
      const { rows } = await client.query<{ standby: boolean }>("SELECT pg_is_in_recovery() AS standby");
      if (rows[0]?.standby !== false) throw new Error(`${primary} is not promoted yet`);
      return work(client);
    },
    timeoutMs,
  );
}

/** As root it gives its rights up first: PostgreSQL refuses them. Identity and place in the process table stay those that the supervisor knows. */
function becomePostgres(settings: Settings, directory: string): void {
  const { native_directory, user } = settings.postgres;
  if (user !== undefined) {
    process.setgroups?.([]);
    process.setgid?.(user.gid);
    process.setuid?.(user.uid);
  }
  const program = join(native_directory, "bin/postgres");
  process.execve?.(program, [program, "-D", directory], {
    ...process.env,
    HOME: directory,
    LD_LIBRARY_PATH: join(native_directory, "lib"),
  });
}
