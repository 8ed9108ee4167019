import type { Histories, PartitionHistory } from "../histories/histories.ts";
import { NO_OFFSET } from "../truth/batches.ts";
import type { RowReading, RowReadings } from "../witness/row-readings.ts";
import { timeText } from "../witness/watch-gaps.ts";
import { type Findings, rangeText } from "./findings.ts";

/** What became of the rows of a range, from reading to reading and up to the end. */
type Fate = { kind: "vanished" | "late-visible" | "rewritten"; count: number; text: string };

/** Adds what happened to the rows of the ranges that the witness has read, if it is of this kind. */
export function addRowFates(findings: Findings, kind: Fate["kind"], histories: Histories, cause = ""): void {
  const { witness, sinkRead } = histories;
  if (witness === undefined) return;
  for (const [partition, { rows }] of witness.lanes.entries())
    for (const [key, readings] of rows) {
      const end = sinkRead ? witness.end.rows.get(key) : undefined;
      const fate = fateOf(readings, end, histories.partitions[partition] as PartitionHistory);
      if (fate?.kind === kind)
        findings.addText(`${rangeText(partition, readings.from, readings.to - 1)}: ${fate.text}`, fate.count, cause);
    }
}

function fateOf(
  readings: RowReadings,
  end: { rows: number; digest: string } | undefined,
  history: PartitionHistory,
): Fate | undefined {
  const all: (RowReading | { rows: number; digest: string; atMs: undefined; timeline: undefined })[] = [
    ...readings.changes,
  ];
  if (end !== undefined) all.push({ ...end, atMs: undefined, timeline: undefined });
  const text = () => all.map((item) => `${item.rows} rows, digest ${item.digest} ${whenText(item.atMs)}`).join("; ");
  let [most, gone, isRewritten] = [0, 0, false];
  /** The most that the server of this timeline had: what it lacks of an earlier one was lost with a promotion, until the end. */
  let own = { timeline: readings.changes[0]?.timeline, most: 0 };
  const digests = new Map<number, string>();
  for (const item of all) {
    const { rows, digest, timeline, atMs } = item;
    if (timeline !== undefined && timeline > (own.timeline ?? Infinity)) own = { timeline, most: 0 };
    gone = Math.max(gone, (atMs === undefined ? most : own.most) - rows);
    most = Math.max(most, rows);
    own.most = Math.max(own.most, rows);
    // Rows are stored in one order, so as many rows are the same rows.
    if ((digests.get(rows) ?? digest) !== digest) isRewritten = true;
    digests.set(rows, digest);
  }
  if (gone > 0) return { kind: "vanished", count: gone, text: text() };
  const due = offsetBehind(history, readings) ?? Infinity;
  const late = readings.changes.find(({ rows, nextOffset }) => nextOffset >= due && rows < most);
  if (late !== undefined)
    return {
      kind: "late-visible",
      count: most - late.rows,
      text: `${text()}; next_offset was ${late.nextOffset} before`,
    };
  return isRewritten ? { kind: "rewritten", count: 1, text: text() } : undefined;
}

/** @returns the offset behind the last event of the range; undefined: nobody can say, as not all of its batches were acknowledged. */
export function offsetBehind(
  { batches }: PartitionHistory,
  { from, to }: { from: number; to: number },
): number | undefined {
  let behind = 0;
  let batch = batches.find(from);
  if (batch < 0) return undefined;
  for (; batch < batches.length && batches.startOf(batch) < to; batch++) {
    const first = batches.offsetOf(batch);
    if (first === NO_OFFSET) return undefined;
    behind = Math.max(behind, first + Math.min(to, batches.endOf(batch)) - batches.startOf(batch));
  }
  return behind;
}

function whenText(atMs: number | undefined): string {
  return atMs === undefined ? "at the end" : `at ${timeText(atMs)}`;
}
