import type { Histories, PartitionHistory } from "../histories/histories.ts";
import { timeText } from "../witness/watch-gaps.ts";
import { type LaneSeen, rangeKey } from "../witness/witness-seen.ts";
import { Findings } from "./findings.ts";

/** What the witness has read of a partition's log, and is no longer there at the end. Counts offsets. */
export function addVanishedRecords(findings: Findings, { partitions, witness, logRead }: Histories): void {
  if (witness === undefined || !logRead) return;
  for (const [partition, lane] of witness.lanes.entries()) {
    const { log } = partitions[partition] as PartitionHistory;
    if (log === undefined) continue;
    const last = lastSeen(lane);
    if (last !== undefined && last.to > log.end)
      findings.addText(
        `p${partition}: the log went up to offset ${last.to} at ${timeText(last.atMs)}; at the end up to ${log.end}`,
        last.to - log.end,
        "offsets of the log",
      );
    for (const seen of lane.log) {
      const now = witness.end.log.get(rangeKey(partition, seen));
      // What lies beyond the end is counted above; what Kafka has deleted makes the verdict UNKNOWN.
      if (now === undefined || seen.to > log.end || seen.from < log.start || now.records >= seen.records) continue;
      findings.addText(
        `p${partition} offsets ${seen.from}-${seen.to - 1}: ${seen.records} records at ${timeText(seen.atMs)}, ${now.records} at the end`,
        seen.records - now.records,
        "offsets of the log",
      );
    }
  }
}

/** Ranges of the log that have other records at the end than the witness has read. Counts ranges. */
export function addOtherRecords(findings: Findings, { partitions, witness, logRead }: Histories): void {
  if (witness === undefined || !logRead) return;
  for (const [partition, lane] of witness.lanes.entries()) {
    const { log } = partitions[partition] as PartitionHistory;
    if (log === undefined) continue;
    for (const seen of lane.log) {
      const now = witness.end.log.get(rangeKey(partition, seen));
      if (now === undefined || seen.to > log.end || seen.from < log.start || now.records < seen.records) continue;
      if (now.digest === seen.digest && now.records === seen.records) continue;
      findings.addText(
        `p${partition} offsets ${seen.from}-${seen.to - 1}: digest ${seen.digest} of ${seen.records} records at ${timeText(seen.atMs)}, ${now.digest} of ${now.records} at the end`,
        1,
        "ranges of the log that changed",
      );
    }
  }
}

function lastSeen({ log, highWatermark }: LaneSeen): { to: number; atMs: number } | undefined {
  let last = highWatermark.highest && { to: highWatermark.highest.value, atMs: highWatermark.highest.atMs };
  for (const { to, atMs } of log) if (last === undefined || to > last.to) last = { to, atMs };
  return last;
}
