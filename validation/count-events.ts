import type { VerdictFile } from "../contract/verdict.ts";
import { popCount } from "./histories/bitmap.ts";
import type { Histories, PartitionHistory } from "./histories/histories.ts";

/** The figures of a verdict. */
export function countEvents(histories: Histories, faultsEffective: number): VerdictFile["counts"] {
  const { partitions } = histories;
  const sum = (figure: (history: PartitionHistory) => number) => partitions.reduce((total, history) => total + figure(history), 0);
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
      histories.logRead && histories.sinkRead ? histories.aggregates.reduce((total, table) => total + table.stored.size + table.odd.length, 0) : 0,
    faults_effective: faultsEffective,
  };
}

/** Attempted, neither acknowledged nor failed for good. */
function openEvents({ attempted, acknowledged, failed }: PartitionHistory): number {
  let count = 0;
  for (let word = 0; word < attempted.words; word++) count += popCount((attempted.word(word) & ~acknowledged.word(word) & ~failed.word(word)) >>> 0);
  return count;
}
