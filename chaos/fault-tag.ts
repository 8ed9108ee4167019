import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { lockFile } from "../machine/file-lock.ts";

/**
 * The name under which a fault's hold or condition lies on a node: `<run directory's name>-<fault id>`. The run directories of a
 * machine have different names, and ids are unique in a journal, so the tag is unique over all runs; and it says which journal
 * has the fault.
 */
export function faultTag(journalFile: string, id: number): string {
  return `${basename(dirname(resolve(journalFile)))}-${id}`;
}

/**
 * Whether a fault of another run has this tag, and the engine of that run is at work now: that engine will undo it. A tag that no
 * journal explains belongs to nobody.
 * @throws FaultlineError FL_PREREQUISITE without the `flock` command.
 */
export async function belongsToLiveEngine(tag: string, journalFile: string): Promise<boolean> {
  const other = otherJournalOf(tag, journalFile);
  if (other === undefined || !existsSync(other)) return false;
  const unlock = await lockFile(other);
  await unlock?.();
  return unlock === undefined;
}

/** @returns the journal beside ours that a tag names; undefined for our own, and for a tag that no engine made. */
function otherJournalOf(tag: string, journalFile: string): string | undefined {
  const runDirectory = dirname(resolve(journalFile));
  const run = /^([^/]+)-\d+$/.exec(tag)?.[1];
  return run === undefined || run === ".." || run === basename(runDirectory)
    ? undefined
    : join(dirname(runDirectory), run, basename(journalFile));
}
