import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { LedgerGrammar } from "../contract/ledger-grammar.ts";
import { damaged, readLedgerLines } from "./ledger-lines.ts";
import type { LedgerMark } from "./ledger-mark.ts";

/** A slice takes a few milliseconds of the event loop; between two of them the lanes have it. */
const SLICE_BYTES = 1 << 16;
const REST_MS = 10;
/** First the lanes catch up. */
const LANES_FIRST_MS = 5_000;

/**
 * Reads what a start passed over: the lines before the mark. It takes a tenth of a core or so for as long as it lasts, while the lanes send.
 * @throws FaultlineError FL_LEDGER_DAMAGED as a start without a mark would; AbortError.
 */
export async function recheckLedger(
  path: string,
  mark: LedgerMark,
  signal: AbortSignal,
  waitMs = LANES_FIRST_MS,
): Promise<void> {
  await sleep(waitMs, undefined, { signal });
  const file = await open(path, "r");
  try {
    const grammar = new LedgerGrammar();
    let line = 0;
    for await (const { record, end, ...read } of readLedgerLines(slices(file, mark.size, signal), path)) {
      line = read.line;
      const complaint = grammar.apply(record);
      if (complaint !== undefined) throw damaged(path, line, complaint);
      if (end === mark.size) break;
    }
    if (!isDeepStrictEqual(grammar.state, mark.state)) throw damaged(path, line, "its mark says otherwise");
  } finally {
    await file.close();
  }
}

/** The file's first `size` bytes, a slice at a time, with a rest after each. */
function slices(file: FileHandle, size: number, signal: AbortSignal): Pick<FileHandle, "read"> {
  const read = async (buffer: Buffer, offset: number, length: number, position: number) => {
    await sleep(REST_MS, undefined, { signal });
    return await file.read(buffer, offset, Math.max(0, Math.min(length, SLICE_BYTES, size - position)), position);
  };
  return { read: read as FileHandle["read"] };
}
