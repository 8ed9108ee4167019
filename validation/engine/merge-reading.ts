import type { Histories, PartitionHistory } from "../histories/histories.ts";
import { MOST_EXAMPLES, MOST_ODD_EXAMPLES } from "../histories/histories.ts";
import { rangeKey } from "../witness/witness-seen.ts";
import type { PartitionReading } from "./partition-reading.ts";

/** Puts what was read of one partition into the histories of the run, which have the ledger already. */
export function mergeReading(histories: Histories, reading: PartitionReading): void {
  (histories.partitions[reading.partition] as PartitionHistory).take(reading.history);
  histories.strays.merge(reading.strays);
  for (const name of ["oddRecords", "oddLetters"] as const) {
    histories[name].count += reading[name].count;
    const { examples } = histories[name];
    examples.push(...reading[name].examples.slice(0, MOST_ODD_EXAMPLES - examples.length));
  }
  histories.differences.push(...reading.differences.slice(0, MOST_EXAMPLES - histories.differences.length));
  histories.elsewhere.push(...reading.elsewhere);
  for (const name of ["unverifiable", "logRecords", "actualRows", "actualLetters"] as const)
    histories[name] += reading[name];
  histories.leaderBatches.set(reading.partition, reading.batches);
  for (const range of reading.witnessed) histories.witness?.end.log.set(rangeKey(reading.partition, range), range);
  for (const [index, found] of reading.groups.entries()) histories.aggregates[index]?.merge(found);
}

/**
 * Events that a record of another partition names: the sink owes their rows, too. Which of two partitions' records it stored first, nobody
 * knows, so the partition that names the foreign event has counted its row. Such a record is an anomaly in any case. Call this after all.
 */
export function settleElsewhere({ elsewhere, partitions }: Histories): void {
  for (const { partition, sequence } of elsewhere) partitions[partition]?.due.set(sequence);
}
