import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";

/** Finds records with other bytes, and rows with another column, than the recomputed event. Counts each event once. */
export const corrupt: Check = {
  kinds: ["corrupt"],
  needs: [],
  find: ({ partitions, differences }) => {
    const findings = new Findings("corrupt");
    for (const { partition, corruptRecord, corruptRow } of partitions) {
      const sets = [corruptRecord, corruptRow];
      findings.add(
        partition,
        sets,
        (word) => corruptRecord.word(word) & corruptRow.word(word),
        "in the log and the table",
      );
      findings.add(partition, sets, (word) => corruptRecord.word(word) & ~corruptRow.word(word), "in the log");
      findings.add(partition, sets, (word) => corruptRow.word(word) & ~corruptRecord.word(word), "in the table");
    }
    for (const difference of differences) findings.example(difference);
    return findings.anomalies();
  },
};
