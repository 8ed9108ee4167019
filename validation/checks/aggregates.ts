import type { Check } from "./check.ts";
import { GROUP_CAUSES } from "../histories/group-differences.ts";
import { Findings } from "./findings.ts";

/** Compares the stored groups with the groups recomputed from the log, in both directions, exactly. */
export const aggregateMismatch: Check = {
  kinds: ["aggregate-mismatch"],
  needs: ["log", "sink"],
  find: ({ aggregates, viewDifferences, strays }) => {
    const findings = new Findings("aggregate-mismatch");
    // Strays that were not told apart are missing from the recomputed groups; they are phantoms or foreign anyway.
    if (strays.overflow > 0) return [];
    for (const table of aggregates) {
      const { counts, examples } = table.differences();
      for (const cause of GROUP_CAUSES) {
        const count = counts.get(cause) ?? 0;
        const texts = examples.filter((example) => example.cause === cause).map(({ text }) => text);
        if (count > 0) findings.addText(texts[0] ?? `${table.spec.table}: and more`, count, cause);
        for (const text of texts.slice(1)) findings.addText(text, 0, cause);
      }
    }
    for (const { text, count } of viewDifferences)
      findings.addText(text, count, "groups of a view that its table does not have");
    return findings.anomalies();
  },
};
