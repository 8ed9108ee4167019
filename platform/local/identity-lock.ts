import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessIdentity } from "../../contract/node.ts";
import { identityOf, isAlive, sameProcess } from "./process-identity.ts";

/**
 * A lock that goes with the life of a process and can't be torn or stale: in the lock's directory everyone who wants it creates an empty
 * file named after their identity, then looks whether anyone else who lives has one. Of two who come at once at least one sees the other
 * and gives way. A file of a dead process counts as nothing, so nobody has to take a lock over.
 */
export type IdentityLock = { release(): void };

function fileName(identity: ProcessIdentity): string {
  return `${identity.pid}.${identity.start_ticks}.${identity.boot_id}`;
}

/** Who holds (or is just about to take) the lock. */
export function lockHolders(directory: string): ProcessIdentity[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const [pid, start_ticks, boot_id] = name.split(".");
    if (boot_id === undefined) return [];
    const identity = { pid: Number(pid), start_ticks: Number(start_ticks), boot_id };
    if (isAlive(identity)) return [identity];
    rmSync(join(directory, name), { force: true });
    return [];
  });
}

/** What this process holds itself: the files can't tell its own calls apart. */
const heldHere = new Set<string>();

function tryLock(directory: string, self: ProcessIdentity): IdentityLock | ProcessIdentity {
  if (heldHere.has(directory)) return self;
  const other = lockHolders(directory).find((holder) => !sameProcess(holder, self));
  if (other !== undefined) return other;
  mkdirSync(directory, { recursive: true });
  const path = join(directory, fileName(self));
  const descriptor = openSync(path, "w", 0o600);
  fsyncSync(descriptor);
  closeSync(descriptor);
  const rival = lockHolders(directory).find((holder) => !sameProcess(holder, self));
  if (rival === undefined) {
    heldHere.add(directory);
    const release = (): void => {
      heldHere.delete(directory);
      rmSync(path, { force: true });
    };
    return { release };
  }
  rmSync(path, { force: true });
  return rival;
}

/**
 * Takes the lock. Tries again for a moment, because two who come at once may both give way.
 * @returns the lock, or the process that has it.
 */
export async function acquireLock(directory: string): Promise<IdentityLock | { holder: ProcessIdentity }> {
  const self = identityOf(process.pid);
  if (self === undefined) throw new Error("/proc/self/stat can't be read: Linux with /proc is needed");
  for (let attempt = 0; ; attempt++) {
    const result = tryLock(directory, self);
    if ("release" in result) return result;
    if (attempt >= 8) return { holder: result };
    await sleep(10 + Math.random() * 60);
  }
}
