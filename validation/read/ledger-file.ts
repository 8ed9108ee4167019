import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { FaultlineError } from "../../contract/errors.ts";
import type { LedgerOpen } from "../../contract/ledger.ts";
import { ledgerReader } from "../../contract/ledger.ts";
import { LineSplitter } from "./line-splitter.ts";

/** Lines that may precede the first good `open` in a damaged ledger. */
const FIRST_LINES = 1000;

/**
 * @returns the ledger's first `open`: run, seed and everything else that is needed to recompute the events.
 * @throws FaultlineError FL_RUN_MISSING when there is no file, FL_LEDGER_DAMAGED when it has no `open` that this build can read.
 */
export async function readLedgerOpen(file: string): Promise<LedgerOpen> {
  let open: LedgerOpen | undefined;
  let count = 0;
  let problem = "";
  const reader = ledgerReader();
  const splitter = new LineSplitter((line) => {
    if (open !== undefined) return;
    count += 1;
    const record = reader.read(line);
    if (typeof record === "string") {
      if (problem === "") problem = `; line ${count}: ${record}`;
    } else if (record.t === "open") open = record;
  });
  for await (const chunk of chunksOf(file)) {
    splitter.push(chunk);
    if (open !== undefined) return open;
    if (count >= FIRST_LINES) break;
  }
  throw new FaultlineError(
    "FL_LEDGER_DAMAGED",
    `${file}: no good "open" line among the first ${count} lines: run and seed are unknown${problem}`,
    {
      remedy: "give a ledger whose first line can be read: it has run, seed and topic",
    },
  );
}

/** Calls `line` for each complete line, numbered from 1. A last line without its "\n" is torn and counts as never written. */
export async function readLedger(
  file: string,
  line: (text: string, number: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let number = 0;
  const splitter = new LineSplitter((text) => line(text, ++number));
  for await (const chunk of chunksOf(file)) {
    signal?.throwIfAborted();
    splitter.push(chunk);
  }
}

/** @returns the size in bytes, or -1 if there is no file. */
export async function ledgerSize(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => -1,
  );
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(file)) yield chunk as Buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new FaultlineError("FL_RUN_MISSING", `there is no run ledger at ${file}`, {
      remedy: "run `./faultline demo` first, or give the ledger with --producer-log-path",
      cause: error,
    });
  }
}
