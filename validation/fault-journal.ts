import { readFile } from "node:fs/promises";
import type { FaultHistory } from "../contract/fault-history.ts";
import { FaultHistories, isUnhealed } from "../contract/fault-history.ts";
import type { JournalTimes } from "../contract/journal-grammar.ts";
import { JournalGrammar } from "../contract/journal-grammar.ts";
import { journalReader, type JournalRecord } from "../contract/journal.ts";

export type FaultSummary = {
  /** The faults whose effect probe saw an effect. */
  effective: FaultHistory[];
  /** Faults that were begun and have neither `healed` nor `failed`: they may make the data wrong that is read now. */
  unhealed: string[];
  /** Lines that can't be read, or can't stand where they stand: the journal may lack faults, or tell of faults that never were. */
  problems: string[];
  /** All lines that can be read, in the order of the file. */
  records: JournalRecord[];
};

/** Problems beyond this many are only counted: a journal of another version has one in each line. */
const MOST_PROBLEMS = 10;
const NOT_CLOSED =
  'the fault journal does not end with "close": the chaos engine is at work, or it died; run `./faultline heal` and validate again';

/** @returns the bytes of the journal; none if there is no such file. */
export async function readJournalBytes(file: string | undefined): Promise<Buffer> {
  if (file === undefined) return Buffer.alloc(0);
  return readFile(file).catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? Buffer.alloc(0) : Promise.reject(error),
  );
}

/**
 * Reads the fault journal. No lines: no faults. A torn last line counts as never written. A line that is damaged or of another version
 * is a problem, and so is a line that no engine writes after the lines before it, and a journal that does not end with `close`.
 * @param times when the run was.
 */
export function readFaultJournal(bytes: Buffer, times?: JournalTimes): FaultSummary {
  const text = bytes.toString("utf8");
  const histories = new FaultHistories();
  const grammar = new JournalGrammar(times);
  const reader = journalReader();
  const records: JournalRecord[] = [];
  const problems: string[] = [];
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const record = reader.read(line);
    if (typeof record === "string") grammar.miss();
    const problem = typeof record === "string" ? record : grammar.apply(record);
    if (problem !== undefined) problems.push(`line ${index + 1}: ${problem}`);
    if (typeof record === "string") continue;
    records.push(record);
    histories.add(record);
  }
  return {
    effective: histories.faults.filter((fault) => fault.effective === true),
    unhealed: histories.faults.filter(isUnhealed).map(({ id, kind, node }) => `fault ${id} (${kind} of ${node})`),
    problems: [...problemsOf(problems), ...(grammar.isOpen ? [NOT_CLOSED] : [])],
    records,
  };
}

function problemsOf(found: string[]): string[] {
  const more = found.length - MOST_PROBLEMS;
  const problems = found.slice(0, MOST_PROBLEMS).map((problem) => `FL_JOURNAL_DAMAGED: fault journal: ${problem}`);
  return more > 0 ? [...problems, `FL_JOURNAL_DAMAGED: fault journal: and ${more} more problems`] : problems;
}
