import { FaultHistories } from "../../contract/fault-history.ts";
import { JournalGrammar } from "../../contract/journal-grammar.ts";
import { journalReader, type JournalRecord } from "../../contract/journal.ts";
import { readRecords, type Unreadable } from "./log-lines.ts";

/** A fault journal, read and folded. `problems`: lines that no engine writes after the lines before them. */
export type FaultJournal = {
  records: JournalRecord[];
  histories: FaultHistories;
  unreadable: Unreadable;
  problems: string[];
};

/**
 * Reads `faults.ndjson`.
 * @throws ENOENT and the other errors of reading a file.
 */
export async function readFaultJournal(path: string): Promise<FaultJournal> {
  const records: JournalRecord[] = [];
  const problems: string[] = [];
  const [reader, grammar] = [journalReader(), new JournalGrammar()];
  const read = (text: string): JournalRecord | string => {
    const record = reader.read(text);
    if (typeof record === "string") grammar.miss();
    return record;
  };
  const unreadable = await readRecords(path, read, (record, line) => {
    const problem = grammar.apply(record);
    if (problem !== undefined) problems.push(`line ${line}: ${problem}`);
    records.push(record);
  });
  if (grammar.isOpen) problems.push('it does not end with "close": the chaos engine is at work, or it died');
  return { records, histories: FaultHistories.of(records), unreadable, problems };
}
