import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";

/** Finds batches of the producer of which only a part is in the log, or between whose records others stand. Counts their events. */
export const tornBatch: Check = {
  kinds: ["torn-batch"],
  needs: ["log"],
  find: ({ partitions }) => {
    const findings = new Findings("torn-batch");
    for (const { partition, torn } of partitions) findings.add(partition, [torn], (word) => torn.word(word));
    return findings.anomalies();
  },
};
