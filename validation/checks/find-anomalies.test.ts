import { expect, test } from "vitest";
import { ANOMALIES } from "../../contract/verdict.ts";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import type { Histories } from "../histories/histories.ts";
import { CHECKS } from "./all.ts";
import { WitnessSeen } from "../witness/witness-seen.ts";
import { findAnomalies } from "./find-anomalies.ts";
import { storeGroup } from "../fixture/stored-lines.ts";
import type { AggregateTable } from "../histories/aggregate-table.ts";

/** Histories in which everything is wrong that can be. */
function allWrong(): Histories {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 40);
  const batch = history.batches.find(0);
  history.batches.attempt(batch, 0, 0);
  history.inLog.remove(1);
  history.rows.remove(2);
  history.above.set(3);
  for (const sequence of [4, 5]) history.acknowledged.clear(sequence);
  history.inLog.remove(5);
  history.failed.set(6);
  history.rows.add(7);
  history.inLog.add(8);
  for (let times = 0; times < 3; times++) history.inLog.add(9);
  history.corruptRecord.set(10);
  history.late.set(11);
  history.letterMissing.set(12);
  const sink = history.sink;
  if (sink !== undefined) sink.rows += 1;
  storeGroup(
    histories.aggregates[0] as AggregateTable,
    histories.pipeline,
    "2026-01-01 00:00:00+00\trefund\t2\t3\t150",
  );
  const [ours, other] = [histories.strays.of(9, 2, 77), histories.strays.of(8, 2, 77)];
  if (ours !== undefined) ours.rows = 1;
  if (other !== undefined) other.rows = 1;
  history.torn.set(13);
  histories.replicaDifferences = ["p0 on broker 2: other batches"];
  histories.witness = allUndone(histories.partitions.length);
  return histories;
}

/** A witness that saw everything undone that can be. */
function allUndone(partitions: number): WitnessSeen {
  const seen = new WitnessSeen(partitions);
  const rows = (from: number, count: number, digest: string, at_ms: number) =>
    seen.add({ t: "rows", partition: 0, from, to: from + 10, rows: count, digest, at_ms });
  const offsets = (next_offset: number, at_ms: number, timeline?: number) =>
    seen.add({
      ...(timeline !== undefined && { timeline }),
      t: "offsets",
      partition: 0,
      next_offset,
      generation: 1,
      rows: 0,
      duplicates: 0,
      dead_letters: 0,
      at_ms,
    });
  offsets(40, 1);
  rows(0, 9, "late", 2);
  rows(0, 10, "whole", 3);
  rows(10, 10, "before", 2);
  rows(10, 10, "after", 3);
  rows(20, 10, "whole", 2);
  rows(20, 5, "half", 3);
  offsets(30, 4);
  offsets(38, 6, 1);
  offsets(35, 7, 2);
  seen.add({
    t: "totals",
    next_offset: 1,
    rows: 2,
    counted_rows: 3,
    dead_letters: 0,
    counted_dead_letters: 0,
    aggregates: {},
    agree: false,
    problems: ["3 rows, but sink_offsets says 2"],
    at_ms: 5,
  });
  return seen;
}

const WITNESSED = [
  "failed-over",
  "inconsistent-offset",
  "late-visible",
  "rewound",
  "rewritten",
  "torn-visible",
  "vanished",
];
const ALWAYS = ["corrupt", "failed-visible", "foreign-run", "phantom", ...WITNESSED].toSorted();
const OF_THE_LOG = [
  "torn-batch",
  "duplicate-log",
  "lost-kafka",
  "not-recovered",
  "recovered",
  "reorder",
  "repeated-in-log",
];
const OF_THE_SINK = ["duplicate-sink"];

const foundAfter = (logRead: boolean, sinkRead: boolean) =>
  findAnomalies(Object.assign(allWrong(), { logRead, sinkRead }))
    .map(({ kind }) => kind)
    .toSorted();

test("a source that was not read is not judged", () => {
  expect(foundAfter(false, false)).toEqual(ALWAYS);
  expect(foundAfter(true, false)).toEqual([...ALWAYS, ...OF_THE_LOG].toSorted());
  expect(foundAfter(false, true)).toEqual([...ALWAYS, ...OF_THE_SINK].toSorted());
  expect(foundAfter(true, true)).toEqual(Object.keys(ANOMALIES).toSorted());
});

test("every kind is found by exactly one check, and a check finds no other kind than it says", () => {
  expect(CHECKS.flatMap(({ kinds }) => kinds).toSorted()).toEqual(Object.keys(ANOMALIES).toSorted());
  const histories = allWrong();
  for (const check of CHECKS) expect(check.find(histories).map(({ kind }) => kind)).toEqual(check.kinds);
});
