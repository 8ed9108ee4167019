import type { Check } from "./check.ts";
import { Findings, strayText } from "./findings.ts";
import type { Histories } from "../histories/histories.ts";
import type { Stray } from "../histories/strays.ts";

/** Finds events that are present although the producer never attempted them. */
export const phantom: Check = {
  kinds: ["phantom"],
  needs: [],
  find: (histories) => {
    const findings = new Findings("phantom");
    addStrays(findings, histories, (run) => run === String(histories.run));
    for (const [index, example] of histories.oddRecords.examples.entries())
      findings.addText(example, index === 0 ? histories.oddRecords.count : 0, "records");
    if (histories.strays.overflow > 0)
      findings.addText(
        `and ${histories.strays.overflow} more sightings`,
        histories.strays.overflow,
        "sightings not told apart",
      );
    return findings.anomalies();
  },
};

/** Finds events of another run. */
export const foreignRun: Check = {
  kinds: ["foreign-run"],
  needs: [],
  find: (histories) => {
    const findings = new Findings("foreign-run");
    addStrays(findings, histories, (run) => run !== String(histories.run));
    return findings.anomalies();
  },
};

/** Finds events that are present although every attempt failed. */
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

function addStrays(findings: Findings, { strays, run }: Histories, isWanted: (run: string) => boolean): void {
  const wanted = [...strays.events.values()].filter((stray) => isWanted(stray.run));
  wanted.sort(byPlace);
  for (let from = 0; from < wanted.length;) {
    const first = wanted[from] as Stray;
    let to = from + 1;
    while (to < wanted.length && follows(wanted[to - 1] as Stray, wanted[to] as Stray)) to += 1;
    findings.addText(strayText(run, first, (wanted[to - 1] as Stray).sequence), to - from, places(first));
    from = to;
  }
}

/** Those with a number that no event has come last. */
function byPlace(a: Stray, b: Stray): number {
  if (a.run !== b.run) return a.run.length - b.run.length || (a.run < b.run ? -1 : 1);
  if (a.text !== undefined || b.text !== undefined) return (a.text ?? "") < (b.text ?? "") ? -1 : 1;
  return a.partition - b.partition || a.sequence - b.sequence;
}

/** Next to each other, and seen in the same places: one range. */
function follows(stray: Stray, next: Stray): boolean {
  return (
    next.run === stray.run &&
    next.partition === stray.partition &&
    next.sequence === stray.sequence + 1 &&
    places(next) === places(stray)
  );
}

function places({ records, rows, letters }: Stray): string {
  const seen = [
    records > 0 ? "in the log" : "",
    rows > 0 ? "in the table" : "",
    letters > 0 ? "among the dead letters" : "",
  ];
  return seen.filter((place) => place !== "").join(" and ");
}
