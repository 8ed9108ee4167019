import { FaultlineError } from "../contract/errors.ts";
import type { LedgerGrammar } from "../contract/ledger-grammar.ts";
import type { LedgerTally } from "../contract/ledger-tally.ts";
import type { LedgerAttempt, LedgerRecord } from "../contract/ledger.ts";
import { LogWriter } from "../contract/log-line.ts";
import type { LedgerMark } from "./ledger-mark.ts";

/** The methods that the writer needs of a file open for appending; a FileHandle has them. */
export type AppendFile = {
  write(buffer: Buffer, offset: number, length: number): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
};

type Waiter = { resolve: () => void; reject: (error: unknown) => void };

/** The complete lines of a ledger: their length in bytes, the last one's `crc`, and the grammar's state after them. */
export type WrittenLedger = { size: number; crc: number; grammar: LedgerGrammar };

/**
 * Appends to the ledger. Lanes that wait for durability at the same time share one write and one fdatasync (group commit).
 * After the first error the writer writes no more: after a failed fdatasync the kernel may have dropped the pages, so a retry proves nothing.
 */
export class LedgerWriter {
  readonly #file: AppendFile;
  readonly #path: string;
  readonly #chain: LogWriter<LedgerRecord>;
  readonly #durable: WrittenLedger;
  #size: number;
  #lines = "";
  /** Lines not known to be on disk: those in `#lines`, and those written after the last sync. */
  #unsynced: LedgerRecord[] = [];
  #waiters: Waiter[] = [];
  #draining: Promise<void> | undefined;
  #failure: unknown;

  /** @param written the lines that the file has; nothing stands behind them. The writer keeps and changes the grammar. */
  constructor(file: AppendFile, path: string, written: WrittenLedger) {
    this.#file = file;
    this.#path = path;
    this.#size = written.size;
    this.#chain = new LogWriter(written.crc);
    this.#durable = { ...written };
  }

  /** The lines that are known to be on disk: the last one's `crc`, and what they come to. */
  get durable(): { readonly crc: number; readonly tally: LedgerTally } {
    return { crc: this.#durable.crc, tally: this.#durable.grammar.tally };
  }

  /** The same lines, with all that is needed to go on behind them. */
  get mark(): LedgerMark {
    const { size, crc, grammar } = this.#durable;
    return { size, crc, state: grammar.state };
  }

  /** Every line that the writer was given is in the file. */
  get isWritten(): boolean {
    return this.#lines === "" && this.#draining === undefined;
  }

  /** Returns when the line and all lines before it are on disk. @throws FaultlineError FL_DISK_FULL; then no part of the line stays in the file. */
  async commit(record: LedgerRecord): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#take(record);
    await this.#synced();
  }

  /** Returns when all lines so far are on disk. @throws as commit. */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#unsynced.length > 0) await this.#synced();
  }

  /** Writes an `attempt`. Its send may begin only after this returns, because then the line is on disk. */
  async attempt(record: LedgerAttempt): Promise<void> {
    await this.commit(record);
  }

  /** Writes a line without waiting and without a sync: a lost outcome loses knowledge, not data. Does nothing after an error. */
  append(record: LedgerRecord): void {
    if (this.#failure !== undefined) return;
    this.#take(record);
    this.#drain();
  }

  /** Syncs all lines and closes the file. @param closedMs writes `close` with this time, if there was no error. Absent: no `close`. */
  async close(closedMs?: number): Promise<void> {
    try {
      if (this.#failure === undefined) {
        await this.flush();
        if (closedMs !== undefined) await this.commit(this.#durable.grammar.tally.closing(closedMs));
      }
      await this.#draining;
    } finally {
      await this.#file.close();
    }
  }

  #take(record: LedgerRecord): void {
    this.#lines += this.#chain.encode(record);
    this.#unsynced.push(record);
  }

  #synced(): Promise<void> {
    const durable = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    this.#drain();
    return durable;
  }

  #drain(): void {
    this.#draining ??= this.#writeAll().finally(() => {
      this.#draining = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    while ((this.#lines !== "" || this.#waiters.length > 0) && this.#failure === undefined) {
      const bytes = Buffer.from(this.#lines);
      const waiters = this.#waiters;
      const [count, crc] = [this.#unsynced.length, this.#chain.crc];
      this.#lines = "";
      this.#waiters = [];
      try {
        for (let offset = 0; offset < bytes.length;)
          offset += (await this.#file.write(bytes, offset, bytes.length - offset)).bytesWritten;
        this.#size += bytes.length;
        if (waiters.length > 0) {
          await this.#file.datasync();
          for (const record of this.#unsynced.splice(0, count)) this.#durable.grammar.apply(record);
          this.#durable.crc = crc;
          this.#durable.size = this.#size;
        }
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
        ? new FaultlineError(
            "FL_DISK_FULL",
            `${this.#path}: no space left for the ledger; the producer stops, and has sent no batch without its ledger line`,
            {
              remedy: "free some space and start the producer again: it continues where it stopped",
              cause: error,
            },
          )
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
