import { FaultlineError } from "../contract/errors.ts";
import { encodeLedger, type LedgerAttempt, type LedgerRecord } from "../contract/ledger.ts";

/** What the writer needs of a file that is open for appending; a FileHandle is one. */
export type AppendFile = {
  write(buffer: Buffer, offset: number, length: number): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
};

type Waiter = { resolve: () => void; reject: (error: unknown) => void };

/**
 * Appends to the ledger. Lanes that wait for durability at the same time share one write and one fdatasync (group commit).
 * After a first error nothing is written any more: after a failed fdatasync the kernel may have dropped the pages, so trying again proves nothing.
 */
export class LedgerWriter {
  readonly #file: AppendFile;
  readonly #path: string;
  #size: number;
  #lines = "";
  #waiters: Waiter[] = [];
  #draining: Promise<void> | undefined;
  #failure: unknown;

  /** @param size the file's length in bytes, all of it whole lines. */
  constructor(file: AppendFile, path: string, size: number) {
    this.#file = file;
    this.#path = path;
    this.#size = size;
  }

  /** Every line that was handed over is in the file. */
  get isWritten(): boolean {
    return this.#lines === "" && this.#draining === undefined;
  }

  /** @returns when the line, and all lines before it, are on disk. @throws FaultlineError FL_DISK_FULL; then nothing of it stays in the file. */
  async commit(record: LedgerRecord): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#lines += encodeLedger(record);
    const durable = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    this.#drain();
    await durable;
  }

  /** An `attempt`, on disk when this returns: only then may its send begin. */
  async attempt(record: LedgerAttempt): Promise<void> {
    await this.commit(record);
  }

  /** Writes without waiting and without a sync of its own: losing an outcome loses knowledge, not data. After an error it does nothing. */
  append(record: LedgerRecord): void {
    if (this.#failure !== undefined) return;
    this.#lines += encodeLedger(record);
    this.#drain();
  }

  /** Syncs all that was appended, writes `close` when all went well, and closes the file. */
  async close(last?: LedgerRecord): Promise<void> {
    try {
      if (last !== undefined && this.#failure === undefined) await this.commit(last);
      await this.#draining;
    } finally {
      await this.#file.close();
    }
  }

  #drain(): void {
    this.#draining ??= this.#writeAll().finally(() => {
      this.#draining = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#lines !== "" && this.#failure === undefined) {
      const bytes = Buffer.from(this.#lines);
      const waiters = this.#waiters;
      this.#lines = "";
      this.#waiters = [];
      try {
        for (let offset = 0; offset < bytes.length;) offset += (await this.#file.write(bytes, offset, bytes.length - offset)).bytesWritten;
        this.#size += bytes.length;
        if (waiters.length > 0) await this.#file.datasync();
        for (const waiter of waiters) waiter.resolve();
      } catch (error) {
        await this.#fail(error, waiters);
      }
    }
  }

  async #fail(error: unknown, waiters: Waiter[]): Promise<void> {
    const code = (error as NodeJS.ErrnoException).code;
    this.#failure =
      code === "ENOSPC" || code === "EDQUOT"
        ? new FaultlineError("FL_DISK_FULL", `${this.#path}: no space left for the ledger; the producer stops, no batch was sent without its line`, {
            remedy: "free some space and start the producer again: it goes on where it stopped",
            cause: error,
          })
        : new Error(`${this.#path}: can't write the ledger: ${String(error)}`, { cause: error });
    // Half a line may stand at the end. Cutting it off is tidy, not necessary: readers ignore a torn end.
    try {
      await this.#file.truncate(this.#size);
    } catch {
      // Then the torn end stays.
    }
    for (const waiter of [...waiters, ...this.#waiters]) waiter.reject(this.#failure);
    this.#waiters = [];
    this.#lines = "";
  }
}
