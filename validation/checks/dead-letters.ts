import type { Histories, PartitionHistory } from "../histories/histories.ts";
import type { Check } from "./check.ts";
import { Findings, rangeText } from "./findings.ts";

/** Every malformed record below next_offset must have its dead letter with exactly its bytes, and no other dead letter may exist. */
export const deadLetterMismatch: Check = {
  kinds: ["dead-letter-mismatch"],
  needs: ["log", "sink"],
  find: (histories) => {
    const findings = new Findings("dead-letter-mismatch");
    for (const history of histories.partitions) {
      const { partition, letterMissing, letterDiffers, letterOfRow, malformedRow } = history;
      findings.add(partition, [letterMissing], (word) => letterMissing.word(word), "without a dead letter");
      findings.add(partition, [letterDiffers], (word) => letterDiffers.word(word), "with other bytes");
      findings.add(partition, [letterOfRow], (word) => letterOfRow.word(word), "well-formed, yet a dead letter");
      findings.add(
        partition,
        [malformedRow],
        (word) => malformedRow.word(word) & ~letterMissing.word(word),
        "malformed, yet a row",
      );
      unmatched(histories, history, findings);
    }
    for (const [index, example] of histories.oddLetters.examples.entries())
      findings.addText(example, index === 0 ? histories.oddLetters.count : 0, "unexplained");
    return findings.anomalies();
  },
};

/** Letters for which the log has no record below next_offset. One whose event was never attempted is a phantom instead. */
function unmatched(histories: Histories, history: PartitionHistory, findings: Findings): void {
  const { letters, partition, log, sink } = history;
  for (let position = 0; position < letters.offsets.length; position++) {
    const offset = letters.offsets[position] as number;
    if (
      letters.matched.has(position) ||
      // What Kafka has deleted can't be compared; below 0 there never was a record.
      (offset >= 0 && offset < (log?.start ?? 0)) ||
      histories.strangerOf(letters.odd.get(position)?.key ?? null) !== undefined
    )
      continue;
    const sequence = letters.sequences[position] as number;
    const place = sequence < 0 ? "" : ` (${rangeText(partition, sequence)})`;
    const cause =
      offset >= (sink?.nextOffset ?? 0) ? "at an offset that was not applied" : "at an offset without a record";
    findings.addText(`p${partition} offset ${offset}${place}`, 1, cause);
  }
}
