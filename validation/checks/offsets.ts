import type { PartitionHistory } from "../histories/histories.ts";
import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";

/**
 * Compares sink_offsets with the log: the figures of each partition must be those of the log, and no other row may be there. Counts figures,
 * rows, and events that have a row too early.
 */
export const offsetGap: Check = {
  kinds: ["offset-gap"],
  needs: ["log", "sink"],
  find: ({ partitions, oddOffsets, strays }) => {
    const findings = new Findings("offset-gap");
    const isClaimed = partitions.some(({ sink }) => sink !== undefined);
    for (const history of partitions) {
      for (const text of partitionProblems(history, { isClaimed, isBlurred: strays.overflow > 0 }))
        findings.addText(`p${history.partition}: ${text}`, 1, "figures that do not add up");
      const { partition, rows, due, expired, malformedRow } = history;
      const stored = rows.atLeast(1);
      findings.add(
        partition,
        [stored],
        (word) => stored.word(word) & ~due.word(word) & ~expired.word(word) & ~malformedRow.word(word),
        "rows of events that the log does not have below next_offset",
      );
    }
    for (const [index, example] of oddOffsets.examples.entries())
      findings.addText(example, index === 0 ? oddOffsets.count : 0, "rows that do not belong to the run");
    return findings.anomalies();
  },
};

/**
 * @param around `isClaimed`: another partition has a row; the sink makes the rows of all partitions at once. `isBlurred`: there are too many
 *   unknown events to count a partition's rows.
 * @returns what is wrong with a partition's figures, as sentences.
 */
export function partitionProblems(
  history: PartitionHistory,
  { isClaimed, isBlurred }: { isClaimed: boolean; isBlurred: boolean },
): string[] {
  const { log, sink } = history;
  if (log === undefined) return [];
  if (sink === undefined) {
    // Nothing applied and nothing stored is only late: its events are `unseen`.
    const hasStored = history.rows.distinct > 0 || history.letters.offsets.length > 0;
    if (hasStored)
      return [
        `no row in sink_offsets, but rows or dead letters, and the log has offsets ${log.start} to ${log.end - 1}`,
      ];
    return isClaimed ? ["no row in sink_offsets, but other partitions have one"] : [];
  }
  const problems: string[] = [];
  const applied = sink.nextOffset - sink.startOffset;
  const sum = sink.rows + sink.duplicates + sink.deadLetters;
  if (applied !== sum)
    problems.push(
      `next_offset ${sink.nextOffset} - start_offset ${sink.startOffset} = ${applied}, but rows ${sink.rows} + duplicates ${sink.duplicates} + dead letters ${sink.deadLetters} = ${sum}`,
    );
  if (sink.nextOffset > log.end) problems.push(`next_offset ${sink.nextOffset} is beyond the log's end ${log.end}`);
  if (sink.startOffset > log.start)
    problems.push(`start_offset ${sink.startOffset} is above ${log.start}, the first offset of the log`);
  if (sink.startOffset < 0) problems.push(`start_offset ${sink.startOffset} is below 0, where no log begins`);
  if (isBlurred) return problems;
  // What Kafka has deleted since can't be counted again; it can only be more.
  const isWhole = sink.startOffset >= log.start || sink.startOffset < 0;
  const counted = [
    ["rows", sink.rows, history.dueRows],
    ["duplicates", sink.duplicates, history.dueDuplicates],
    ["dead_letters", sink.deadLetters, history.dueLetters],
  ] as const;
  for (const [name, stored, inLog] of counted)
    if (isWhole ? stored !== inLog : stored < inLog)
      problems.push(`${name} is ${stored}, but the log below next_offset has ${inLog}`);
  return problems;
}
