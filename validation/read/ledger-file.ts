import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { FaultlineError } from "../../contract/errors.ts";
import type { LedgerOpen } from "../../contract/ledger.ts";
import { decodeLedger } from "../../contract/ledger.ts";
import { LineSplitter } from "./line-splitter.ts";

/** Lines that may precede the first good `open` in a damaged ledger. */
const FIRST_LINES = 1000;

/**
 * @returns the ledger's first `open`: run, seed, and what else is needed to recompute the events.
 * @throws FaultlineError FL_RUN_MISSING when there is no file, FL_LEDGER_DAMAGED when it has no `open`.
 */
export async function readLedgerOpen(file: string): Promise<LedgerOpen> {
  let open: LedgerOpen | undefined;
  let count = 0;
  const splitter = new LineSplitter((line) => {
    const record = open === undefined ? decodeLedger(line) : undefined;
    if (open === undefined) count += 1;
    if (record?.t === "open") open = record;
  });
  for await (const chunk of chunksOf(file)) {
    splitter.push(chunk);
    if (open !== undefined) return open;
    if (count >= FIRST_LINES) break;
  }
  throw new FaultlineError("FL_LEDGER_DAMAGED", `${file}: no good "open" line among the first ${count} lines: run and seed are unknown`, {
    remedy: "give the ledger of a producer that was started: its first line says run, seed and topic",
  });
}

/** Gives each whole line to `line`, numbered from 1; a last line without its "\n" is torn and counts as never written. */
export async function readLedger(file: string, line: (text: string, number: number) => void, signal?: AbortSignal): Promise<void> {
  let number = 0;
  const splitter = new LineSplitter((text) => line(text, ++number));
  for await (const chunk of chunksOf(file)) {
    signal?.throwIfAborted();
    splitter.push(chunk);
  }
}

/** Size in bytes, or -1. */
export async function ledgerSize(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => -1,
  );
}

async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) yield chunk as Buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new FaultlineError("FL_RUN_MISSING", `no run ledger at ${file}`, {
      remedy: "run `./faultline demo` first, or give the ledger with --producer-log-path",
      cause: error,
    });
  }
}
