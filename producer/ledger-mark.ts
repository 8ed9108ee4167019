import { type FileHandle, readFile, rm } from "node:fs/promises";
import writeFileAtomic from "write-file-atomic";
import type { GrammarState } from "../contract/ledger-grammar.ts";
import { ledgerReader } from "../contract/ledger.ts";
import { encodeLog, LogReader } from "../contract/log-line.ts";
import type { LedgerWriter } from "./ledger-writer.ts";

/** The state after the ledger's first `size` bytes, of whose last line this is the `crc`: a start reads only what stands behind. */
export type LedgerMark = { size: number; crc: number; state: GrammarState };

const VERSION = 1;
const INTERVAL_MS = 2_000;
const NEWLINE = 0x0a;
/** Two lines of a ledger fit in; a mark behind longer ones is not used. */
const TAIL_BYTES = 1 << 16;

/** The mark's file: one line, chained as the ledger's are, so that a torn or changed one is noticed. */
export function markFile(ledger: string): string {
  return `${ledger}.mark`;
}

/**
 * Reads the mark of a ledger. The `crc` of the line before the mark stands for all bytes before it, because lines are chained; whether those
 * bytes are still the same is looked at later (see recheckLedger).
 * @returns undefined when there is none, it can't be read, or it is not of this file: then the ledger is read from its start.
 */
export async function readMark(file: Pick<FileHandle, "read">, ledger: string): Promise<LedgerMark | undefined> {
  try {
    const reader = new LogReader(VERSION, (value) => value as LedgerMark & { version: number });
    const mark = reader.read((await readFile(markFile(ledger), "utf8")).trimEnd());
    if (typeof mark === "string" || mark.version !== VERSION) return undefined;
    const { size, crc, state } = mark;
    return (await endsWith(file, size, crc)) ? { size, crc, state } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the file's first `size` bytes end with a whole line of this `crc` that fits behind the line before it. */
async function endsWith(file: Pick<FileHandle, "read">, size: number, crc: number): Promise<boolean> {
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length);
  if (bytesRead !== tail.length || tail.at(-1) !== NEWLINE) return false;
  const last = tail.lastIndexOf(NEWLINE, -2) + 1;
  const before = last === 0 ? 0 : tail.lastIndexOf(NEWLINE, last - 2) + 1;
  // The first line of a file has none before it, and is read again for nothing.
  if (last === 0 || (before === 0 && tail.length < size)) return false;
  const stored = /"crc":"([0-9a-f]{8})"}$/.exec(tail.toString("utf8", before, last - 1))?.[1];
  const reader = ledgerReader(Number.parseInt(stored ?? "", 16));
  return typeof reader.read(tail.toString("utf8", last, tail.length - 1)) !== "string" && reader.crc === crc;
}

/** Writes the mark every two seconds, so that a producer that was killed has at most that much to read again. */
export class LedgerMarks {
  readonly #path: string;
  readonly #ledger: Pick<LedgerWriter, "mark" | "durable">;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #marked: number | undefined;
  #isDiscarded = false;

  constructor(ledger: string, writer: Pick<LedgerWriter, "mark" | "durable">) {
    this.#path = markFile(ledger);
    this.#ledger = writer;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#writing ??= this.write().finally(() => {
        this.#writing = undefined;
      });
    }, INTERVAL_MS);
  }

  /** Never throws: without a mark the next start only takes longer. */
  async write(): Promise<void> {
    if (this.#isDiscarded || this.#ledger.durable.crc === this.#marked) return;
    const mark = this.#ledger.mark;
    this.#marked = mark.crc;
    // Without fsync: after a power loss a mark that is not whole, or not of the file, is not used.
    await writeFileAtomic(this.#path, encodeLog([{ version: VERSION, ...mark }]), { fsync: false }).catch(() => {});
  }

  /** The lines before a mark are damaged: the next start is to read all of them, and to refuse. */
  async discard(): Promise<void> {
    this.#isDiscarded = true;
    await this.#writing;
    await rm(this.#path, { force: true });
  }

  /** Stops, with a last mark. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    await this.write();
  }
}
