import { chownSync, copyFileSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "pg";

/** Directories that are there, but empty: they belong to the running server alone. WAL comes by the stream. */
const EMPTY = new Set([
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);
const LEFT_OUT =
  /^(postmaster\.(pid|opts)|backup_label.*|tablespace_map.*|(standby|recovery)\.signal|pg_internal\.init.*|pgsql_tmp.*)$/;
/** Copied last, as pg_basebackup does: what it says must not be older than the files. */
const CONTROL = "global/pg_control";

export type Copy = {
  /** A session on the primary, of a role that may replicate and back up. */
  primary: Client;
  /** The primary's data directory. */
  from: string;
  to: string;
  /** The slot that keeps the WAL from now on. */
  slot: string;
  user: { uid: number; gid: number } | undefined;
};

/**
 * Copies the data directory of a running primary as a standby's: whole or not at all. It is made beside its place and renamed at last. A process
 * that dies before leaves `<to>.new`, which nobody starts, and which the next call removes.
 */
export async function copyAsStandby({ primary, from, to, slot, user }: Copy): Promise<void> {
  const fresh = `${to}.new`;
  rmSync(fresh, { recursive: true, force: true });
  await makeSlot(primary, slot);
  // `fast`: an immediate checkpoint. The session must last until pg_backup_stop.
  await primary.query("SELECT pg_backup_start($1, true)", [slot]);
  copyTree(from, fresh, "");
  copyFileSync(join(from, CONTROL), join(fresh, CONTROL));
  const stopped = await primary.query<{ labelfile: string }>("SELECT labelfile FROM pg_backup_stop(false)");
  writeFileSync(join(fresh, "backup_label"), stopped.rows[0]?.labelfile ?? "", { mode: 0o600 });
  writeFileSync(join(fresh, "standby.signal"), "", { mode: 0o600 });
  if (user !== undefined) giveAway(fresh, user);
  rmSync(to, { recursive: true, force: true });
  renameSync(fresh, to);
}

/** A slot from before may have lost WAL, or keep too much. */
async function makeSlot(primary: Client, slot: string): Promise<void> {
  await primary.query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1", [
    slot,
  ]);
  await primary.query("SELECT pg_create_physical_replication_slot($1, true)", [slot]);
}

/** Files that vanish meanwhile are files of dropped tables: the WAL says so as well. */
function copyTree(from: string, to: string, path: string): void {
  mkdirSync(join(to, path), { mode: 0o700 });
  for (const entry of readdirSync(join(from, path), { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (LEFT_OUT.test(entry.name) || inner === CONTROL) continue;
    if (entry.isDirectory()) {
      if (path === "" && EMPTY.has(entry.name)) mkdirSync(join(to, inner), { mode: 0o700 });
      else ifThere(() => copyTree(from, to, inner));
    } else if (entry.isFile()) ifThere(() => copyFileSync(join(from, inner), join(to, inner)));
  }
  if (path === "") copyHistories(from, to);
}

/** Small files that say which timeline began where: without them, a new timeline seems to have no past. */
function copyHistories(from: string, to: string): void {
  for (const name of readdirSync(join(from, "pg_wal")))
    if (name.endsWith(".history")) copyFileSync(join(from, "pg_wal", name), join(to, "pg_wal", name));
}

function ifThere(copy: () => void): void {
  try {
    copy();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function giveAway(path: string, user: { uid: number; gid: number }): void {
  chownSync(path, user.uid, user.gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) giveAway(join(path, name), user);
}
