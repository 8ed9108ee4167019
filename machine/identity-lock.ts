import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProcessIdentity } from "../contract/process.ts";
import { identityText, isAlive, ownIdentity, parseIdentity, sameProcess } from "./process-identity.ts";

/**
 * A lock that goes with the life of a process and can't be torn or stale: in the lock's directory everyone who wants it creates an empty
 * file named after their identity, then looks whether anyone else who lives has one. Of two who come at once at least one sees the other
 * and gives way. A file of a dead process counts as nothing, so nobody has to take a lock over.
 */
export type IdentityLock = { release(): void };

/** Who holds (or is just about to take) the lock. */
export function lockHolders(directory: string): ProcessIdentity[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const identity = parseIdentity(name);
    if (identity === undefined) return [];
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
  const path = join(directory, identityText(self));
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
  const self = ownIdentity();
  for (let attempt = 0; ; attempt++) {
    const result = tryLock(directory, self);
    if ("release" in result) return result;
    if (attempt >= 8) return { holder: result };
    await sleep(10 + Math.random() * 60);
  }
}
