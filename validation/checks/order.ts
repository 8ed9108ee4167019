import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";

/** Within a partition, acknowledged events must first stand in the order of their sequences. Named are those that came too late. */
export const reorder: Check = {
  kinds: ["reorder"],
  needs: ["log"],
  find: ({ partitions }) => {
    const findings = new Findings("reorder");
    for (const { partition, late } of partitions) findings.add(partition, [late], (word) => late.word(word));
    return findings.anomalies();
  },
};
