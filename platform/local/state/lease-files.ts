import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { StateFile } from "./state-file.ts";

const SUFFIX = ".json";

/** A hold or condition on a node under a tag. It ends by itself at `until_ms` (ms since 1970), even if the process that set it is dead. */
export type Lease = { tag: string; until_ms: number };

/**
 * A directory with one file per lease, `TAG.json`. Each is replaced or removed as a whole, so nobody has to read before they
 * write. A file that can't be read counts until it is removed.
 */
export class LeaseFiles<T extends Lease> {
  readonly #directory: string;
  readonly #file: StateFile<T>;
  readonly #unreadable: (lease: Lease) => T;

  /** @param unreadable what a file that can't be read stands for. */
  constructor(directory: string, file: StateFile<T>, unreadable: (lease: Lease) => T) {
    this.#directory = directory;
    this.#file = file;
    this.#unreadable = unreadable;
  }

  write(lease: T): void {
    this.#file.write(this.#path(lease.tag), lease);
  }

  /** Idempotent. Also removes a file that stands for this tag under another name: somebody else made it. */
  remove(tag: string): void {
    const path = this.#path(tag);
    const others = this.#names().filter((name) => tagOf(name) === tag);
    for (const file of [path, ...others.map((name) => join(this.#directory, name))]) rmSync(file, { force: true });
  }

  removeAll(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The leases whose time is not over, in the order of their tags. */
  all(nowMs = Date.now()): T[] {
    return this.#names()
      .flatMap((name) => this.#read(name) ?? [])
      .filter(({ until_ms }) => until_ms > nowMs);
  }

  /** Removes the files of leases whose time is over. */
  sweep(): void {
    const live = new Set(this.all().map(({ tag }) => tag));
    for (const { tag } of this.all(Number.NEGATIVE_INFINITY)) if (!live.has(tag)) this.remove(tag);
  }

  #names(): string[] {
    // Mostly there is none, and an exception for that, ten times a second for each node, is dear.
    if (!existsSync(this.#directory)) return [];
    try {
      return readdirSync(this.#directory)
        .filter((name) => name.endsWith(SUFFIX))
        .toSorted();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  #path(tag: string): string {
    return join(this.#directory, `${encodeURIComponent(tag)}${SUFFIX}`);
  }

  #read(name: string): T | undefined {
    const tag = tagOf(name);
    try {
      const lease = this.#file.read(join(this.#directory, name));
      // The name is what a release goes by: a file that says another tag could never be released by it.
      if (lease === undefined || lease.tag === tag) return lease;
    } catch {
      // Counts, as below.
    }
    return this.#unreadable({ tag, until_ms: Number.MAX_SAFE_INTEGER });
  }
}

/** The tag that a file's name stands for; the name itself if it is not encoded as ours are. */
function tagOf(name: string): string {
  const encoded = name.slice(0, -SUFFIX.length);
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
