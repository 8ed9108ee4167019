import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
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
 * This validator's share in `quiesce.json`: a lease that is renewed until `withdraw`. Several validators may hold it at once. `by` has all
 * their names; a renewal keeps the other names and never shortens their time; the last validator to withdraw removes the file. Reading and
 * rewriting are two steps. Two validators that rewrite at the same moment can lose a name: the next renewal writes it again, and `isHeld` says
 * so meanwhile. They can also write a withdrawn name again: `withdraw` checks again, and at worst the producer stays quiesced for one lease more.
 *
 * Synchronous on purpose: while millions of rows are compared on a busy machine a turn of the event loop takes seconds, and an asynchronous renewal takes ten
 * turns, longer than the lease. These are a few calls on a file of a hundred bytes.
 */
export class QuiesceRequest {
  readonly #path: string;
  readonly #leaseMs: number;
  readonly #name = `validation-${randomBytes(6).toString("hex")}`;
  #timer: NodeJS.Timeout | undefined;

  constructor(directory: string, leaseMs: number) {
    this.#path = join(directory, RUN_FILES.quiesce);
    this.#leaseMs = leaseMs;
  }

  /** Writes the request, or renews it. @throws the file system's error, for example EACCES. */
  write(): void {
    const now = Date.now();
    const request = this.#read();
    const others =
      request === undefined || request.until_ms > now + FOREIGN_LEASE_MAX_MS
        ? []
        : this.#others(request).slice(-OTHERS_MAX);
    const until_ms = Math.max(now + this.#leaseMs, others.length > 0 && request !== undefined ? request.until_ms : 0);
    this.#replace({ version: 1, until_ms, by: [...others, this.#name].join(SEPARATOR) });
  }

  /** Renews it until `withdraw`. */
  keep(): void {
    this.#timer = setInterval(() => this.writeIfPossible(), this.#leaseMs / RENEWALS);
  }

  /** Like `write`, but ignores an error: the lease lasts for several renewals. */
  writeIfPossible(): void {
    try {
      this.write();
    } catch {
      // The disk may have room again by then.
    }
  }

  /** @returns whether the file now has this validator's name. */
  isHeld(): boolean {
    const request = this.#read();
    return request !== undefined && this.#isIn(request);
  }

  /** Removes this validator's name, and the file if no other name is left. Never throws: a name that stays ends with its lease. */
  async withdraw(): Promise<void> {
    clearInterval(this.#timer);
    for (let tries = 0; tries < WITHDRAW_TRIES; tries++) {
      const request = this.#read();
      if (request === undefined || !this.#isIn(request)) return;
      this.#takeOut(request);
      // Another that rewrites it in this instant puts our name back: look again when that is over.
      await sleep(WITHDRAW_PAUSE_MS);
    }
  }

  #takeOut(request: Quiesce): void {
    const others = this.#others(request);
    try {
      if (others.length === 0) unlinkSync(this.#path);
      else this.#replace({ ...request, by: others.join(SEPARATOR) });
    } catch {
      // Another was faster, or it ends with the lease.
    }
  }

  #isIn(request: Quiesce): boolean {
    return request.by.split(SEPARATOR).includes(this.#name);
  }

  /** Who else holds a lease that is not over. */
  #others(request: Quiesce): string[] {
    return request.until_ms > Date.now() ? request.by.split(SEPARATOR).filter((name) => name !== this.#name) : [];
  }

  /** @returns undefined when there is no good request. */
  #read(): Quiesce | undefined {
    try {
      return quiesceSchema.parse(JSON.parse(readFileSync(this.#path, "utf8")));
    } catch {
      return undefined;
    }
  }

  /**
   * Atomically, under a temporary name of our own: in two containers two validators may have the same pid, from which write-file-atomic makes its name.
   * Readable for all: the producer may be another user.
   */
  #replace(request: Quiesce): void {
    const temporary = `${this.#path}.${this.#name}`;
    try {
      writeFileSync(temporary, `${JSON.stringify(request)}\n`);
      chmodSync(temporary, 0o644);
      renameSync(temporary, this.#path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }
}
