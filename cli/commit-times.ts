import { join } from "node:path";
import { decodeCommits } from "../contract/commits.ts";
import { RUN_FILES } from "../contract/run.ts";
import { waitUntil } from "../machine/clock.ts";
import { LineTail } from "../machine/line-tail.ts";
import { readFaultJournal } from "../report/measure/fault-journal.ts";

type WaitOptions = {
  /** Of the pipeline: the monitor reads each of them. */
  partitions: number;
  onProgress: (text: string) => void;
  signal: AbortSignal;
  timeoutMs?: number;
};

/** The monitor reads commit times 5 s after events are visible again, and in small steps. */
const TIMEOUT_MS = 15_000;

/**
 * Waits until commits.ndjson has the commit times around the last fault that bit, because the report measures by them. It gives up after `timeoutMs`, or at
 * Ctrl-C: then the figures have a larger error, and say so.
 * @returns false: it gave up.
 */
export async function waitForCommitTimes(
  runDirectory: string,
  { partitions, onProgress, signal, timeoutMs = TIMEOUT_MS }: WaitOptions,
): Promise<boolean> {
  const journal = await readFaultJournal(join(runDirectory, RUN_FILES.journal)).catch(() => undefined);
  const last = journal?.histories.faults.findLast((fault) => fault.effective === true && fault.healedMs !== undefined);
  if (last === undefined) return true;
  const tail = new LineTail(join(runDirectory, RUN_FILES.commits));
  const read = new Set<number>();
  const isRead = async (): Promise<boolean> => {
    await tail.read((line) => {
      const record = decodeCommits(line);
      if (record?.t === "read" && record.fault === last.id) read.add(record.partition);
    });
    return read.size >= partitions;
  };
  if (await isRead()) return true;
  onProgress(`waiting for the commit times around fault ${last.id}, at most ${timeoutMs / 1_000} s`);
  if (await waitUntil(timeoutMs, isRead, { everyMs: 200, signal })) return true;
  onProgress(
    `the monitor has not read the commit times around fault ${last.id}: its figures have an error of 50 ms or more (./faultline report measures again)`,
  );
  return false;
}
