import type { PartitionHistory } from "../histories/histories.ts";
import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";

/** sink_offsets against the log: they must add up, and say what the log says. Counted: partitions, and events that have a row too early. */
export const offsetGap: Check = {
  kinds: ["offset-gap"],
  needs: ["log", "sink"],
  find: ({ partitions, strays }) => {
    const findings = new Findings("offset-gap");
    for (const history of partitions) {
      for (const text of partitionProblems(history, strays.overflow > 0)) findings.addText(`p${history.partition}: ${text}`, 1, "figures that do not add up");
      const { partition, rows, due, expired, malformedRow } = history;
      const stored = rows.atLeast(1);
      findings.add(
        partition,
        [stored],
        (word) => stored.word(word) & ~due.word(word) & ~expired.word(word) & ~malformedRow.word(word),
        "rows of events that the log does not have below next_offset",
      );
    }
    return findings.anomalies();
  },
};

/** What is wrong with a partition's figures, as sentences. */
export function partitionProblems(history: PartitionHistory, isBlurred: boolean): string[] {
  const { log, sink } = history;
  if (log === undefined) return [];
  if (sink === undefined) {
    // Nothing applied and nothing stored is only late: its events are `unseen`.
    const hasStored = history.rows.distinct > 0 || history.letters.offsets.length > 0;
    return hasStored ? [`no row in sink_offsets, but rows or dead letters, and the log has offsets ${log.start} to ${log.end - 1}`] : [];
  }
  const problems: string[] = [];
  const applied = sink.nextOffset - sink.startOffset;
  const sum = sink.rows + sink.duplicates + sink.deadLetters;
  if (applied !== sum)
    problems.push(
      `next_offset ${sink.nextOffset} - start_offset ${sink.startOffset} = ${applied}, but rows ${sink.rows} + duplicates ${sink.duplicates} + dead letters ${sink.deadLetters} = ${sum}`,
    );
  if (sink.nextOffset > log.end) problems.push(`next_offset ${sink.nextOffset} is beyond the log's end ${log.end}`);
  if (sink.startOffset > log.start) problems.push(`start_offset ${sink.startOffset} is above ${log.start}, where the log begins`);
  // What Kafka has deleted since can't be counted again.
  if (sink.startOffset < log.start || isBlurred) return problems;
  const counted = [
    ["rows", sink.rows, history.dueRows],
    ["duplicates", sink.duplicates, history.dueDuplicates],
    ["dead_letters", sink.deadLetters, history.dueLetters],
  ] as const;
  for (const [name, stored, inLog] of counted) if (stored !== inLog) problems.push(`${name} is ${stored}, the log below next_offset has ${inLog}`);
  return problems;
}
