import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";

/** A record's bytes, or a row's column, are not those of the recomputed event. Counted once per event. */
export const corrupt: Check = {
  kinds: ["corrupt"],
  needs: [],
  find: ({ partitions, differences }) => {
    const findings = new Findings("corrupt");
    for (const { partition, corruptRecord, corruptRow } of partitions) {
      const sets = [corruptRecord, corruptRow];
      findings.add(partition, sets, (word) => corruptRecord.word(word) & corruptRow.word(word), "in the log and the table");
      findings.add(partition, sets, (word) => corruptRecord.word(word) & ~corruptRow.word(word), "in the log");
      findings.add(partition, sets, (word) => corruptRow.word(word) & ~corruptRecord.word(word), "in the table");
    }
    for (const difference of differences) findings.example(difference);
    return findings.anomalies();
  },
};
