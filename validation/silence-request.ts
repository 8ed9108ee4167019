import { randomBytes } from "node:crypto";
import { chmod, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { quiesceSchema, RUN_FILES, type Quiesce } from "../contract/run.ts";

/** Renewals within a lease: some may fail or be late. */
const RENEWALS = 5;
/** A producer takes no request for longer; one that asks for more has a wrong clock and is not passed on. */
const FOREIGN_LEASE_MAX_MS = 10 * 60_000;
/** Names beside ours that are passed on: more can only be of validators that died. */
const OTHERS_MAX = 15;
const WITHDRAW_TRIES = 10;
const WITHDRAW_PAUSE_MS = 50;
const SEPARATOR = ", ";

/**
 * Our share in a run directory's `quiesce.json`: a lease that is renewed until `withdraw`. Several validators may hold it at once: `by` names all of them, each
 * one's renewal keeps the others' names and never shortens their time, and only the last one to withdraw removes the file. Reading and rewriting are two
 * steps, so two that rewrite in the same instant can lose a name (the next renewal puts it back, and `isHeld` says so meanwhile) or put back one that
 * was withdrawn: `withdraw` looks again, and at worst the silence is longer by one lease.
 */
export class SilenceRequest {
  readonly #path: string;
  readonly #leaseMs: number;
  readonly #name = `validation-${randomBytes(6).toString("hex")}`;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(directory: string, leaseMs: number) {
    this.#path = join(directory, RUN_FILES.quiesce);
    this.#leaseMs = leaseMs;
  }

  /** Writes the request, or its renewal. @throws what the file system says, for example EACCES. */
  async write(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  /** Renews it until `withdraw`. A renewal that fails is tried again at the next: the lease outlives some. */
  keep(): void {
    this.#timer = setInterval(() => void this.write().catch(() => {}), this.#leaseMs / RENEWALS);
  }

  /** The file that is there now names us. */
  async isHeld(): Promise<boolean> {
    const request = await this.#read();
    return request !== undefined && this.#isIn(request);
  }

  /** Ends our share: without others the file goes. Never throws: what stays ends by itself, with the lease. */
  async withdraw(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing?.catch(() => {});
    for (let tries = 0; tries < WITHDRAW_TRIES; tries++) {
      const request = await this.#read();
      if (request === undefined || !this.#isIn(request)) return;
      const others = this.#others(request);
      const end = others.length === 0 ? unlink(this.#path) : this.#replace({ ...request, by: others.join(SEPARATOR) });
      await end.catch(() => {});
      // Another that rewrites it in this instant puts our name back: look again when that is over.
      await sleep(WITHDRAW_PAUSE_MS);
    }
  }

  async #write(): Promise<void> {
    const now = Date.now();
    const request = await this.#read();
    const others = request === undefined || request.until_ms > now + FOREIGN_LEASE_MAX_MS ? [] : this.#others(request).slice(-OTHERS_MAX);
    const until_ms = Math.max(now + this.#leaseMs, others.length > 0 && request !== undefined ? request.until_ms : 0);
    await this.#replace({ version: 1, until_ms, by: [...others, this.#name].join(SEPARATOR) });
  }

  #isIn(request: Quiesce): boolean {
    return request.by.split(SEPARATOR).includes(this.#name);
  }

  /** Who else holds a lease that is not over. */
  #others(request: Quiesce): string[] {
    return request.until_ms > Date.now() ? request.by.split(SEPARATOR).filter((name) => name !== this.#name) : [];
  }

  /** @returns undefined when there is no good request. */
  async #read(): Promise<Quiesce | undefined> {
    try {
      return quiesceSchema.parse(JSON.parse(await readFile(this.#path, "utf8")));
    } catch {
      return undefined;
    }
  }

  /**
   * Atomically, under a temporary name of our own: in two containers two validators may have the same pid, from which write-file-atomic makes its name.
   * Readable for all: the producer may be another user.
   */
  async #replace(request: Quiesce): Promise<void> {
    const temporary = `${this.#path}.${this.#name}`;
    try {
      await writeFile(temporary, `${JSON.stringify(request)}\n`);
      await chmod(temporary, 0o644);
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
  }
}
