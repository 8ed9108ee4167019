import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { decodeJournal, encodeJournal, type JournalPlanned, type JournalRecord } from "../contract/journal.ts";

export type JournalContent = {
  records: JournalRecord[];
  /** Numbers (from 1) of lines that can't be read, a torn last one not counted. */
  damagedLines: number[];
  /** Bytes up to and with the last line end; what follows is torn and counts as never written. */
  intactBytes: number;
};

/** Reads what can be read of a journal. A file that is not there is an empty journal. */
export async function readJournal(file: string): Promise<JournalContent> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const intactBytes = bytes.lastIndexOf(0x0a) + 1;
  const records: JournalRecord[] = [];
  const damagedLines: number[] = [];
  const lines = bytes.subarray(0, intactBytes).toString("utf8").split("\n").slice(0, -1);
  lines.forEach((line, index) => {
    const record = decodeJournal(line);
    if (record === undefined) damagedLines.push(index + 1);
    else records.push(record);
  });
  return { records, damagedLines, intactBytes };
}

/** @throws FaultlineError FL_JOURNAL_DAMAGED for a journal with a line that can't be read before its end. */
export function requireIntact(file: string, { damagedLines }: JournalContent): void {
  if (damagedLines.length === 0) return;
  throw new FaultlineError("FL_JOURNAL_DAMAGED", `${file}: line ${damagedLines.join(", ")} is damaged (its checksum does not fit)`, {
    remedy: "./faultline heal undoes what can still be read; then start a new run, this one can't be judged",
  });
}

/** Faults that were planned and neither healed nor given up: the oldest first. */
export function unhealed(records: readonly JournalRecord[]): JournalPlanned[] {
  const ended = new Set(records.flatMap((record) => (record.t === "healed" || record.t === "failed" ? [record.id] : [])));
  return records.filter((record): record is JournalPlanned => record.t === "planned" && !ended.has(record.id));
}

export type JournalWriter = {
  /** Resolves when the record is on disk. @throws FaultlineError FL_DISK_FULL; the journal is then as it was before. */
  append(record: JournalRecord): Promise<void>;
  close(): Promise<void>;
};

/** Opens the journal to append, cutting off a torn last line, which would else become damage in the middle. */
export async function openJournal(file: string, { intactBytes }: JournalContent): Promise<JournalWriter> {
  const handle = await open(file, "a", 0o644);
  await cut(handle, intactBytes);
  const directory = await open(dirname(file), "r");
  await directory.sync().finally(() => directory.close());
  return {
    async append(record) {
      const { size } = await handle.stat();
      try {
        await handle.appendFile(encodeJournal(record));
        await handle.datasync();
      } catch (error) {
        await cut(handle, size);
        if (!["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
        throw new FaultlineError("FL_DISK_FULL", `${file}: no space for the fault journal`, {
          remedy: "free some space, then: ./faultline heal",
          cause: error,
        });
      }
    },
    close: () => handle.close(),
  };
}

async function cut(handle: FileHandle, bytes: number): Promise<void> {
  if ((await handle.stat()).size > bytes) await handle.truncate(bytes);
}
