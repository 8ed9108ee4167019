import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";

/** In a partition, the first records of events must be in the order of their sequences. Names the events that came too late. */
export const reorder: Check = {
  kinds: ["reorder"],
  needs: ["log"],
  find: ({ partitions }) => {
    const findings = new Findings("reorder");
    for (const { partition, late } of partitions) findings.add(partition, [late], (word) => late.word(word));
    return findings.anomalies();
  },
};
