import { basename, dirname, join, resolve } from "node:path";

/**
 * Under this name a condition is put on a node: `<run directory's name>-<fault id>`. Run directories of a machine have different names, and
 * ids are unique in a journal, so it is unique over all runs; and it says which journal has the fault.
 */
export function conditionTag(journalFile: string, id: number): string {
  return `${basename(dirname(resolve(journalFile)))}-${id}`;
}

/** @returns the journal that a tag's fault stands in, beside ours; undefined for ours, and for a tag that no engine made. */
export function otherJournalOf(tag: string, journalFile: string): string | undefined {
  const runDirectory = dirname(resolve(journalFile));
  const run = /^([^/]+)-\d+$/.exec(tag)?.[1];
  return run === undefined || run === ".." || run === basename(runDirectory) ? undefined : join(dirname(runDirectory), run, basename(journalFile));
}
