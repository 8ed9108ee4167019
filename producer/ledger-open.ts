import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { FaultlineError } from "../contract/errors.ts";
import { LedgerGrammar, sameRun } from "../contract/ledger-grammar.ts";
import type { LedgerOpen } from "../contract/ledger.ts";
import { tryLock } from "../machine/file-lock.ts";
import { damaged, readLedgerLines } from "./ledger-lines.ts";
import { type LedgerMark, readMark } from "./ledger-mark.ts";
import { LedgerReplay } from "./ledger-replay.ts";
import { LedgerWriter, type WrittenLedger } from "./ledger-writer.ts";

export type OpenLedger = {
  writer: LedgerWriter;
  replay: LedgerReplay;
  /** Earlier producers have written attempts. */ restarted: boolean;
  /** The number of bytes cut off at the end. */ tornBytes: number;
  /** The lines before it were not read. */ mark: LedgerMark | undefined;
};

/**
 * Opens (or creates) a run's ledger for writing: locks it, reads it (behind its mark, if it has one), cuts a torn end off, and appends `open`.
 * Appends `indeterminate` for each attempt that an earlier producer left without an outcome. All of it is durable on return.
 * @param opening the line to append.
 * @throws FaultlineError FL_STACK_BUSY (locked), FL_LEDGER_DAMAGED (nothing was changed), FL_CONFIG_INVALID (the ledger of another run), FL_DISK_FULL.
 */
export async function openLedger(path: string, opening: LedgerOpen): Promise<OpenLedger> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o644);
  try {
    if (!tryLock(file.fd, path))
      throw new FaultlineError("FL_STACK_BUSY", `${path}: another producer writes this ledger`, {
        remedy:
          "stop it first (producer-status.json beside the ledger has its pid); two producers would write the same sequences twice",
      });
    const mark = await readMark(file, path);
    const written = await readWritten(file, path, mark);
    const replay = new LedgerReplay(written.grammar.state);
    const end = written.size;
    const difference = replay.open === undefined ? undefined : sameRun(replay.open, opening);
    if (difference !== undefined)
      throw new FaultlineError(
        "FL_CONFIG_INVALID",
        `${path} belongs to another run or pipeline: in the ledger ${difference}`,
        {
          remedy: "one ledger is one run: restore run.json and pipeline.yaml as they were, or start a new run",
        },
      );
    const tornBytes = (await file.stat()).size - end;
    if (tornBytes > 0) await file.truncate(end);
    const writer = new LedgerWriter(file, path, written);
    const restarted = replay.lanes.some((lane) => lane.nextSequence > 0);
    replay.apply(opening);
    await writer.commit(opening);
    // A new file's name must survive a power loss too.
    if (end === 0) await syncDirectory(dirname(path));
    for (const [p, { unsettled }] of replay.lanes.entries()) {
      if (unsettled === undefined || unsettled.hasOutcome) continue;
      const why = "the producer ended without knowing";
      writer.append({ t: "indeterminate", p, s: unsettled.sequence, n: unsettled.count, why, at_ms: opening.at_ms });
      unsettled.hasOutcome = true;
    }
    return { writer, replay, restarted, tornBytes, mark };
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
}

async function readWritten(file: FileHandle, path: string, mark: LedgerMark | undefined): Promise<WrittenLedger> {
  const grammar = new LedgerGrammar(mark?.state);
  const written: WrittenLedger = { size: mark?.size ?? 0, crc: mark?.crc ?? 0, grammar };
  const before = { line: grammar.tally.lines, end: written.size, crc: written.crc };
  for await (const line of readLedgerLines(file, path, before)) {
    const complaint = grammar.apply(line.record);
    if (complaint !== undefined) throw damaged(path, line.line, complaint);
    written.size = line.end;
    written.crc = line.crc;
  }
  return written;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
