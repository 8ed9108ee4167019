import type { FileHandle } from "node:fs/promises";
import { FaultlineError } from "../contract/errors.ts";
import { ledgerReader, type LedgerRecord } from "../contract/ledger.ts";

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;
/** A ledger line has some 500 bytes at most; a line without end is damage, and must not fill the memory. */
const LONGEST_LINE_BYTES = 1 << 20;

export type LedgerLine = {
  record: LedgerRecord;
  /** From 1. */ line: number;
  /** The line's end in the file, bytes. */ end: number;
  /** The next line is chained to it. */ crc: number;
};

/** The whole lines before the one that is read first: their number, their length in bytes, the last one's `crc`. */
export type LinesBefore = { line: number; end: number; crc: number };
const NONE: LinesBefore = { line: 0, end: 0, crc: 0 };

/**
 * Reads a ledger, from its start unless told otherwise, in bounded memory. Bytes after the last newline are torn and left out.
 * @throws FaultlineError FL_LEDGER_DAMAGED with the number of the first line that can't be read, and why: it is damaged, or of
 *   another version.
 */
export async function* readLedgerLines(
  file: Pick<FileHandle, "read">,
  path: string,
  before = NONE,
): AsyncGenerator<LedgerLine> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  let position = before.end;
  let line = before.line;
  const reader = ledgerReader(before.crc);
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    const bytesStart = position - rest.length;
    position += bytesRead;
    let start = 0;
    for (let newline = bytes.indexOf(NEWLINE); newline >= 0; newline = bytes.indexOf(NEWLINE, start)) {
      line++;
      const record = reader.read(bytes.toString("utf8", start, newline));
      if (typeof record === "string") throw damaged(path, line, record);
      start = newline + 1;
      yield { record, line, end: bytesStart + start, crc: reader.crc };
    }
    rest = bytes.subarray(start);
    if (rest.length > LONGEST_LINE_BYTES)
      throw damaged(path, line + 1, `no newline within ${LONGEST_LINE_BYTES} bytes`);
  }
}

export function damaged(path: string, line: number, why: string): FaultlineError {
  return new FaultlineError("FL_LEDGER_DAMAGED", `${path}: line ${line} can't be used: ${why}`, {
    remedy:
      "nothing was changed; keep the file as evidence and start a new run (such a ledger can't be continued, see docs/ledger-format.md)",
  });
}
