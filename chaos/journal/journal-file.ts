import { fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { FaultlineError } from "../../contract/errors.ts";
import { FaultHistories, isUnhealed } from "../../contract/fault-history.ts";
import { JournalGrammar } from "../../contract/journal-grammar.ts";
import { journalReader, type JournalRecord } from "../../contract/journal.ts";
import { LogWriter } from "../../contract/log-line.ts";

/** A line of the journal, counted from 1, and why it can't be read. */
export type UnreadableLine = { line: number; problem: string };

export type JournalContent = {
  records: JournalRecord[];
  /** A torn last line is not among them. */
  unreadable: UnreadableLine[];
  /** Lines that no engine writes after the lines before them, as sentences; see JournalGrammar. */
  problems: string[];
  /** An engine is at work, or died, and nobody has written `close`. */
  isOpen: boolean;
};

/** Reads what can be read of a journal. A file that is not there is an empty journal. */
export async function readJournal(file: string): Promise<JournalContent> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const lines = new JournalLines();
  lines.push(bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1));
  const { records, unreadable, problems, grammar } = lines;
  return { records, unreadable, problems, isOpen: grammar.isOpen };
}

/** What the lines of a journal say, as far as they were read. */
class JournalLines {
  readonly records: JournalRecord[] = [];
  readonly unreadable: UnreadableLine[] = [];
  readonly problems: string[] = [];
  readonly grammar = new JournalGrammar();
  readonly histories = new FaultHistories();
  readonly #reader = journalReader();
  #count = 0;

  /** Of the last line: the next line is chained to it. */
  get crc(): number {
    return this.#reader.crc;
  }

  /** @param bytes whole lines. */
  push(bytes: Buffer): void {
    for (const line of bytes.toString("utf8").split("\n").slice(0, -1)) {
      this.#count += 1;
      const record = this.#reader.read(line);
      if (typeof record === "string") {
        this.grammar.miss();
        this.unreadable.push({ line: this.#count, problem: record });
        continue;
      }
      const problem = this.grammar.apply(record);
      if (problem !== undefined) this.problems.push(`line ${this.#count}: ${problem}`);
      this.records.push(record);
      this.histories.add(record);
    }
  }
}

/**
 * @throws FaultlineError FL_JOURNAL_DAMAGED for a journal with a line that can't be read, with the first such line's problem (a journal of
 *   another version is not damaged, and is told as that), and for one with lines that no engine writes.
 */
export function requireIntact(file: string, { unreadable, problems }: JournalContent): void {
  const problem = unreadable[0]?.problem;
  if (problem !== undefined) {
    const lines = unreadable.filter((one) => one.problem === problem).map(({ line }) => line);
    throw new FaultlineError("FL_JOURNAL_DAMAGED", `${file}: line ${lines.join(", ")}: ${problem}`, {
      remedy:
        "./faultline heal undoes what is left of its faults; then start a new run, this build can't judge this one",
    });
  }
  if (problems.length > 0)
    throw new FaultlineError("FL_JOURNAL_DAMAGED", `${file}: ${problems.join("; ")}`, {
      remedy: "a run with such a journal can't be judged: start a new run (./faultline down --volumes, then up)",
    });
}

export type JournalWriter = {
  /** Resolves when the record is on disk. @throws FaultlineError FL_DISK_FULL; the journal is then as it was before. */
  append(record: JournalRecord): Promise<void>;
  /** By all lines that the file has now, whoever wrote them. */
  isUnhealed(id: number): boolean;
  /** Appends `close`, with the totals of all lines since `open`. Does nothing if the journal is closed. @returns whether it did. */
  finish(atMs: number): Promise<boolean>;
  close(): Promise<void>;
};

/**
 * Opens the journal to append, cutting off a torn last line, which would else become damage in the middle.
 *
 * Two processes may append at once: an engine that hangs keeps the lock, and its watchdog heals without it; then the engine goes on. So each
 * append first reads what the file has got meanwhile and continues the chain from there. Nothing is awaited between that reading and
 * the write. If two processes write in the very same moment all the same, both lines stay, and the reader says that the second one
 * does not fit.
 */
export async function openJournal(file: string): Promise<JournalWriter> {
  const journal = new JournalAppender(file, await open(file, "a+", 0o644));
  journal.catchUp();
  const directory = await open(dirname(file), "r");
  await directory.sync().finally(() => directory.close());
  return journal;
}

class JournalAppender implements JournalWriter {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #lines = new JournalLines();
  /** Of the whole lines that were read, bytes. */
  #end = 0;

  constructor(file: string, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  /** Reads what was added since, and cuts off a torn last line. */
  catchUp(): void {
    const { fd } = this.#handle;
    const added = Buffer.alloc(Math.max(0, fstatSync(fd).size - this.#end));
    let length = 0;
    for (let read = -1; length < added.length && read !== 0; length += read)
      read = readSync(fd, added, length, added.length - length, this.#end + length);
    const whole = added.subarray(0, length).lastIndexOf(0x0a) + 1;
    this.#lines.push(added.subarray(0, whole));
    this.#end += whole;
    if (whole < length) ftruncateSync(fd, this.#end);
  }

  async append(record: JournalRecord): Promise<void> {
    this.catchUp();
    const line = Buffer.from(new LogWriter<JournalRecord>(this.#lines.crc).encode(record));
    const { fd } = this.#handle;
    try {
      for (let written = 0; written < line.length;) written += writeSync(fd, line, written);
      await this.#handle.datasync();
    } catch (error) {
      this.#withdraw(line);
      if (!["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      throw new FaultlineError("FL_DISK_FULL", `${this.#file}: no space for the fault journal`, {
        remedy: "free some space, then: ./faultline heal",
        cause: error,
      });
    }
  }

  isUnhealed(id: number): boolean {
    this.catchUp();
    return this.#lines.histories.faults.some((fault) => fault.id === id && isUnhealed(fault));
  }

  async finish(atMs: number): Promise<boolean> {
    this.catchUp();
    const close = this.#lines.grammar.closing(atMs);
    if (close !== undefined) await this.append(close);
    return close !== undefined;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** Cuts off a line that is not wholly on disk, unless another process has written behind it. */
  #withdraw(line: Buffer): void {
    const { fd } = this.#handle;
    const tail = Buffer.alloc(line.length + 1);
    const length = readSync(fd, tail, 0, tail.length, this.#end);
    if (length > 0 && line.subarray(0, length).equals(tail.subarray(0, length))) ftruncateSync(fd, this.#end);
  }
}
