import type { VerdictFile } from "../contract/verdict.ts";
import { popCount, wordsOf } from "./histories/bitmap.ts";
import type { Histories, PartitionHistory } from "./histories/histories.ts";

/** Counts the figures of a verdict. */
export function countEvents(
  histories: Histories,
  faults: { effective: number; underLoad: number },
): VerdictFile["counts"] {
  const { partitions } = histories;
  const sum = (figure: (history: PartitionHistory) => number) =>
    partitions.reduce((total, history) => total + figure(history), 0);
  return {
    attempted: sum(({ attempted }) => attempted.count),
    acknowledged: sum(({ acknowledged }) => acknowledged.count),
    indeterminate: sum(openEvents),
    log_records: histories.logRecords,
    expected_rows: sum(({ dueRows }) => dueRows),
    actual_rows: histories.actualRows,
    expected_dead_letters: sum(({ dueLetters }) => dueLetters),
    actual_dead_letters: histories.actualLetters,
    duplicates_in_log: sum(({ inLog }) => inLog.total - inLog.distinct),
    aggregates_compared:
      histories.logRead && histories.sinkRead
        ? histories.aggregates.reduce((total, table) => total + table.differences().compared, 0)
        : 0,
    faults_effective: faults.effective,
    faults_under_load: faults.underLoad,
    uncompared: histories.unverifiable,
  };
}

/** Attempted, neither acknowledged nor failed for good. */
function openEvents({ attempted, acknowledged, failed }: PartitionHistory): number {
  let count = 0;
  for (const word of wordsOf([attempted]))
    count += popCount((attempted.word(word) & ~acknowledged.word(word) & ~failed.word(word)) >>> 0);
  return count;
}
