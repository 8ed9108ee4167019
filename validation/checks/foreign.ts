import type { Check } from "./check.ts";
import { Findings, strayText } from "./findings.ts";
import type { Histories } from "../histories/histories.ts";

/** Present, though nobody attempted it. */
export const phantom: Check = {
  kinds: ["phantom"],
  needs: [],
  find: (histories) => {
    const findings = new Findings("phantom");
    addStrays(findings, histories, (run) => run === histories.run);
    for (const [index, example] of histories.oddRecords.examples.entries()) findings.addText(example, index === 0 ? histories.oddRecords.count : 0, "records");
    if (histories.strays.overflow > 0)
      findings.addText(`and ${histories.strays.overflow} more sightings`, histories.strays.overflow, "sightings not told apart");
    return findings.anomalies();
  },
};

/** Present, though it belongs to another run. */
export const foreignRun: Check = {
  kinds: ["foreign-run"],
  needs: [],
  find: (histories) => {
    const findings = new Findings("foreign-run");
    addStrays(findings, histories, (run) => run !== histories.run);
    return findings.anomalies();
  },
};

/** A definitely failed event that is there all the same. */
export const failedVisible: Check = {
  kinds: ["failed-visible"],
  needs: [],
  find: ({ partitions }) => {
    const findings = new Findings("failed-visible");
    for (const { partition, failed, inLog, rows } of partitions) {
      const [records, stored] = [inLog.atLeast(1), rows.atLeast(1)];
      findings.add(partition, [failed], (word) => failed.word(word) & (records.word(word) | stored.word(word)));
    }
    return findings.anomalies();
  },
};

function addStrays(findings: Findings, { strays, run }: Histories, isWanted: (run: number) => boolean): void {
  for (const stray of strays.events.values()) {
    if (!isWanted(stray.run)) continue;
    const places = [stray.records > 0 ? "in the log" : "", stray.rows > 0 ? "in the table" : "", stray.letters > 0 ? "among the dead letters" : ""];
    findings.addText(strayText(run, stray), 1, places.filter((place) => place !== "").join(" and "));
  }
}
