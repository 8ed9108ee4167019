import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { poll, systemClock } from "../../../machine/clock.ts";
import { lockFile } from "../../../machine/file-lock.ts";
import type { OnProgress } from "../../runtime.ts";
import { javaCommand } from "../state/layout.ts";

/** How long another process may take to make the same archive before this one does without. */
const LOCK_TIMEOUT_MS = 240_000;
/** A training that failed is tried again after this time: a crowded machine or a full disk may have been the reason. */
const FAILURE_LASTS_MS = 3_600_000;

export type ArchiveRequest = {
  /** What it is for, in messages: "Spark". */
  title: string;
  /** The archive is named after it, and lies beside it. */
  place: string;
  /** The directory of the jars whose classes it has. */
  jars: string;
  stateDirectory: string;
  /** Runs what it is for, in an empty directory of its own, and lets the JVM write the archive into `file`. Throws if it did not work. */
  train: (directory: string, file: string) => Promise<void>;
  say: OnProgress;
  signal?: AbortSignal | undefined;
};

/**
 * A class-data archive (JEP 310, 350): classes parsed and verified once, which every later JVM maps. It is made once per JDK and set of jars; another
 * process that wants the same waits for it. An archive that does not fit is ignored by the JVM (`-Xshare:auto`), so at worst a start takes longer.
 * @returns its file; undefined when it can't be made.
 */
export async function classArchive(request: ArchiveRequest): Promise<string | undefined> {
  const { title, say, signal } = request;
  const directory = archiveDirectory(request);
  const base = join(directory, basename(request.place));
  const file = `${base}.${archiveKey(request.jars)}.jsa`;
  if (isThere(file)) return file;
  const failure = recentFailure(file);
  if (failure !== undefined) {
    say(`${title}: no class archive, so each start takes longer: ${failure}`);
    return undefined;
  }
  try {
    mkdirSync(directory, { recursive: true });
    const unlock = await poll(systemClock, LOCK_TIMEOUT_MS, async () => lockFile(`${base}.jsa.lock`), { signal });
    if (unlock === undefined) throw new Error(`another process has made it for ${LOCK_TIMEOUT_MS / 1_000} s`);
    try {
      if (!isThere(file)) {
        say(`${title}: class archive, made once`);
        await make(request, file);
      }
    } finally {
      await unlock();
    }
    return file;
  } catch (error) {
    if (signal?.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    say(
      `${title}: the class archive could not be made, so each start takes longer: ${reason.split("\n")[0]} (${file}.failed)`,
    );
    noteFailure(file, reason);
    return undefined;
  }
}

/**
 * A JVM's options for an archive. By default a JVM moves archives to a random address, which makes nearly all pages of them its own memory: 134 MB
 * for each of Spark's JVMs. At their own address, the JVMs of a machine share them.
 */
export function archiveOptions(archive: string | undefined): string[] {
  if (archive === undefined) return [];
  return [`-XX:SharedArchiveFile=${archive}`, "-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0"];
}

/** Beside the place, or in the state directory if the place can't be written (a checkout that is mounted read-only). */
function archiveDirectory({ place, stateDirectory }: ArchiveRequest): string {
  try {
    accessSync(dirname(place), constants.W_OK);
    return dirname(place);
  } catch {
    return join(stateDirectory, "cache");
  }
}

/** Whole or not at all: the JVM writes beside it, and the bytes are on the disk before it has its name. */
async function make({ place, stateDirectory, train }: ArchiveRequest, file: string): Promise<void> {
  const scratch = join(stateDirectory, "data", `${basename(place)}-training`);
  const unfinished = `${file}.new`;
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  try {
    await train(scratch, unfinished);
    const written = openSync(unfinished, "r");
    try {
      fsyncSync(written);
    } finally {
      closeSync(written);
    }
    // What an older JDK or other jars left. Whoever has it mapped keeps it.
    for (const name of readdirSync(dirname(file)))
      if (isArchiveOf(basename(place), name) && name !== basename(unfinished))
        rmSync(join(dirname(file), name), { force: true });
    renameSync(unfinished, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    rmSync(unfinished, { force: true });
  }
}

function isArchiveOf(place: string, name: string): boolean {
  return name.startsWith(`${place}.`) && /^[0-9a-f]{12}\.jsa(\.new|\.failed)?$/.test(name.slice(place.length + 1));
}

function isThere(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Why it failed lately, in one line. */
function recentFailure(file: string): string | undefined {
  const note = `${file}.failed`;
  const written = statSync(note, { throwIfNoEntry: false });
  if (written === undefined || Date.now() - written.mtimeMs > FAILURE_LASTS_MS) return undefined;
  return `${readFileSync(note, "utf8").split("\n")[0]} (to try again now, delete ${note})`;
}

function noteFailure(file: string, reason: string): void {
  try {
    writeFileSync(`${file}.failed`, `${reason}\n`);
  } catch {
    // A disk that is full: then it is tried again next time.
  }
}

/** The JVM checks path, size and time of each jar, and its own version; anything else makes it ignore the archive. */
function archiveKey(jars: string): string {
  const files = readdirSync(jars)
    .toSorted()
    .map((name) => [name, statSync(join(jars, name))] as const)
    .map(([name, { size, mtimeMs }]) => `${name} ${size} ${mtimeMs}`);
  return createHash("sha256")
    .update([javaVersion(), jars, ...files].join("\n"))
    .digest("hex")
    .slice(0, 12);
}

const versions = new Map<string, string>();

/** What `java -version` prints; asked once per process. */
function javaVersion(): string {
  const command = javaCommand();
  const known = versions.get(command) ?? spawnSync(command, ["-version"], { encoding: "utf8" }).stderr ?? "";
  versions.set(command, known);
  return known;
}
