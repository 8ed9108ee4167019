import type { Histories } from "../histories/histories.ts";
import type { Failover, Watermark } from "../witness/watermark.ts";
import { timeText } from "../witness/watch-gaps.ts";
import type { Check } from "./check.ts";
import { Findings } from "./findings.ts";
import { addOtherRecords, addVanishedRecords } from "./witness-log.ts";
import { addRowFates } from "./witness-rows.ts";

/** Finds records and rows that the witness saw and that were gone later. */
const vanished: Check = {
  kinds: ["vanished"],
  needs: [],
  find: (histories) => {
    const findings = new Findings("vanished");
    addVanishedRecords(findings, histories);
    addRowFates(findings, "vanished", histories, "rows");
    return findings.anomalies();
  },
};

/** Finds figures that can only grow, and went back. Counts how often. */
const rewound: Check = {
  kinds: ["rewound"],
  needs: [],
  find: ({ partitions, witness, logRead, sinkRead }) => {
    const findings = new Findings("rewound");
    for (const [partition, lane] of (witness?.lanes ?? []).entries()) {
      const { log, sink } = partitions[partition] ?? {};
      const stored = sinkRead ? sink : undefined;
      addRewinds(
        findings,
        `p${partition}: next_offset`,
        lane.nextOffset,
        sinkRead ? (stored?.nextOffset ?? 0) : undefined,
      );
      // A promotion takes commits back, and no commit can have passed the end of the log.
      for (const { from, atMs } of lane.nextOffset.failovers)
        if (logRead && log !== undefined && from > log.end)
          findings.addText(
            `p${partition}: next_offset was ${from} at ${timeText(atMs)}, but the log ends at ${log.end}`,
          );
      addRewinds(findings, `p${partition}: generation`, lane.generation, stored?.generation);
      addRewinds(findings, `p${partition}: high watermark`, lane.highWatermark, logRead ? log?.end : undefined);
    }
    return findings.anomalies();
  },
};

/** Tells what promotions took back. Counts offsets. */
const failedOver: Check = {
  kinds: ["failed-over"],
  needs: [],
  find: ({ partitions, witness, sinkRead }) => {
    const findings = new Findings("failed-over");
    const lanes = (witness?.lanes ?? []).map(({ nextOffset }) => nextOffset.failovers);
    for (const text of promotions(lanes)) findings.addText(text, 0);
    for (const [partition, failovers] of lanes.entries())
      for (const { from, to, atMs, timelines } of failovers) {
        const atEnd = sinkRead ? `; at the end ${partitions[partition]?.sink?.nextOffset ?? 0}` : "";
        const where = `timeline ${timelines.join(" → ")}`;
        findings.addText(
          `p${partition}: next_offset went back from ${from} to ${to} at ${timeText(atMs)} (${where})${atEnd}`,
          from - to,
          "offsets",
        );
      }
    return findings.anomalies();
  },
};

/** One sentence for each promotion. */
function promotions(lanes: readonly (readonly Failover[])[]): string[] {
  const all = lanes.flatMap((failovers, partition) => failovers.map((failover) => ({ ...failover, partition })));
  const groups = Map.groupBy(all, ({ timelines }) => timelines.join(" → "));
  return [...groups].map(([timelines, list]) => {
    const offsets = list.reduce((sum, { from, to }) => sum + from - to, 0);
    const first = list.reduce((least, { atMs }) => Math.min(least, atMs), Infinity);
    const { size } = new Set(list.map(({ partition }) => partition));
    return `${offsets} offsets of ${size} ${size === 1 ? "partition" : "partitions"} were rewound at ${timeText(first)} (timeline ${timelines})`;
  });
}

function addRewinds(findings: Findings, name: string, figure: Watermark, end: number | undefined): void {
  const atEnd = end === undefined ? "" : `; at the end ${end}`;
  for (const [index, { from, to, atMs }] of figure.rewinds.entries()) {
    // Those beyond the examples are counted with the last one.
    const isLast = index === figure.rewinds.length - 1;
    const count = isLast ? figure.rewindCount - index : 1;
    findings.addText(`${name} went back from ${from} to ${to} at ${timeText(atMs)}${atEnd}`, count);
  }
  const { last } = figure;
  if (last !== undefined && (end ?? Infinity) < last.value)
    findings.addText(`${name} was ${last.value} at ${timeText(last.atMs)}${atEnd}`);
}

/** Finds offsets that had other records when the witness read them, or have others on a follower. */
const inconsistentOffset: Check = {
  kinds: ["inconsistent-offset"],
  needs: [],
  find: (histories: Histories) => {
    const findings = new Findings("inconsistent-offset");
    addOtherRecords(findings, histories);
    for (const text of histories.replicaDifferences) findings.addText(text, 1, "differences between replicas");
    return findings.anomalies();
  },
};

/** Finds snapshots in which counters, rows, dead letters and aggregates did not agree. Counts snapshots. */
const tornVisible: Check = {
  kinds: ["torn-visible"],
  needs: [],
  find: ({ witness }) => {
    if (witness === undefined) return [];
    const findings = new Findings("torn-visible");
    const { examples, count } = witness.torn;
    for (const [index, { atMs, problems }] of examples.entries()) {
      // Those beyond the examples are counted with the last one.
      const isLast = index === examples.length - 1;
      findings.addText(`snapshot at ${timeText(atMs)}: ${problems.join("; ")}`, isLast ? count - index : 1);
    }
    return findings.anomalies();
  },
};

/** Finds rows that changed while the run went on, also if they changed back. Counts ranges. */
const rewritten: Check = {
  kinds: ["rewritten"],
  needs: [],
  find: (histories) => {
    const findings = new Findings("rewritten");
    addRowFates(findings, "rewritten", histories);
    return findings.anomalies();
  },
};

/** Finds rows that could be seen only after next_offset had passed them. Counts rows. */
const lateVisible: Check = {
  kinds: ["late-visible"],
  needs: [],
  find: (histories) => {
    const findings = new Findings("late-visible");
    addRowFates(findings, "late-visible", histories);
    return findings.anomalies();
  },
};

/** All that rest on the witness's word. */
export const WITNESS_CHECKS: readonly Check[] = [
  vanished,
  rewound,
  failedOver,
  inconsistentOffset,
  tornVisible,
  rewritten,
  lateVisible,
];
