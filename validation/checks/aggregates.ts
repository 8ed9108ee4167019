import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";

/** Stored groups against the groups recomputed from the log, both ways, exactly. */
export const aggregateMismatch: Check = {
  kinds: ["aggregate-mismatch"],
  needs: ["log", "sink"],
  find: ({ aggregates, strays }) => {
    const findings = new Findings("aggregate-mismatch");
    // Strays that were not told apart are missing from the recomputed groups; they are phantoms or foreign anyway.
    if (strays.overflow > 0) return [];
    for (const table of aggregates) {
      for (const text of table.odd) findings.addText(text, 1, "rows that repeat a group or can't be read");
      for (const [key, stored] of table.stored) {
        const computed = table.computedGroup(key);
        if (computed !== undefined && computed.count === stored.count && computed.sums.every((sum, index) => sum === stored.sums[index])) continue;
        // A group without events is what additive upserts may leave; it says nothing wrong.
        if (computed === undefined && stored.count === 0n && stored.sums.every((sum) => sum === 0n)) continue;
        findings.addText(
          `${table.describeKey(key)}: stored ${table.describeGroup(stored)}; recomputed ${table.describeGroup(computed)}`,
          1,
          computed === undefined ? "stored groups that the log does not have" : "groups with other figures",
        );
      }
      for (const key of table.computedKeys())
        if (!table.stored.has(key))
          findings.addText(
            `${table.describeKey(key)}: stored no row; recomputed ${table.describeGroup(table.computedGroup(key))}`,
            1,
            "groups that are not stored",
          );
    }
    return findings.anomalies();
  },
};
