import { expect, test } from "vitest";
import { emptyHistories } from "../fixture/histories.ts";
import { GroupDifferences } from "../histories/group-differences.ts";
import { PartitionHistory } from "../histories/histories.ts";
import { Strays } from "../histories/strays.ts";
import { WitnessSeen } from "../witness/witness-seen.ts";
import { mergeReading, settleElsewhere } from "./merge-reading.ts";
import type { PartitionReading } from "./partition-reading.ts";

/** What was read of a partition: nothing, but for these members. */
function readingOf(partition: number, change: Partial<PartitionReading> = {}): PartitionReading {
  return {
    partition,
    history: new PartitionHistory(partition).pack(),
    strays: { events: [], overflow: 0 },
    oddRecords: { count: 0, examples: [] },
    oddLetters: { count: 0, examples: [] },
    differences: [],
    unverifiable: 0,
    logRecords: 0,
    actualRows: 0,
    actualLetters: 0,
    elsewhere: [],
    groups: [],
    logProblems: [],
    captured: { rows: [], letters: [], batches: Buffer.alloc(0) },
    witnessed: [],
    batches: [],
    logError: undefined,
    tableError: undefined,
    ...change,
  };
}

test("a partition's history is put where its ledger is", () => {
  const histories = emptyHistories();
  histories.partitions[3]?.batches.batch(0, 9);
  const read = new PartitionHistory(3);
  read.rows.add(5);
  read.dueRows = 7;
  mergeReading(histories, readingOf(3, { history: read.pack() }));
  const history = histories.partitions.find(({ rows }) => rows.total > 0);
  expect([history?.partition, history?.rows.timesOf(5), history?.dueRows]).toEqual([3, 1, 7]);
  expect(history?.isAttempted(5)).toBe(true);
});

test("figures, strays and groups of the partitions add up", () => {
  const histories = emptyHistories();
  const strays = new Strays();
  Object.assign(strays.of(8, 0, 1) as object, { rows: 2 });
  const group = new GroupDifferences();
  group.compared = 3;
  group.add("groups that are not stored", () => "a");
  const reading = (partition: number) =>
    readingOf(partition, {
      strays: { events: [...strays.events], overflow: 1 },
      unverifiable: 1,
      logRecords: 20,
      actualRows: 300,
      actualLetters: 4000,
      elsewhere: [{ of: partition, partition: 5, sequence: 6 }],
      groups: [new GroupDifferences(), group],
    });
  for (const partition of [0, 1]) mergeReading(histories, reading(partition));
  const { unverifiable, logRecords, actualRows, actualLetters, elsewhere } = histories;
  expect([unverifiable, logRecords, actualRows, actualLetters]).toEqual([2, 40, 600, 8000]);
  expect(elsewhere.map(({ of }) => of)).toEqual([0, 1]);
  expect([histories.strays.of(8, 0, 1)?.rows, histories.strays.overflow]).toEqual([4, 2]);
  expect(histories.aggregates.map(({ reduced }) => [reduced.compared, reduced.examples.length])).toEqual([
    [0, 0],
    [6, 2],
  ]);
});

test("more groups than the pipeline has are left out", () => {
  const groups = Array.from({ length: 3 }, () => new GroupDifferences());
  expect(() => mergeReading(emptyHistories(), readingOf(0, { groups }))).not.toThrow();
});

test.each(["oddRecords", "oddLetters"] as const)("all %s are counted, and twenty told", (name) => {
  const histories = emptyHistories();
  for (const partition of [0, 1, 2]) {
    const examples = Array.from({ length: 8 }, (_, at) => `p${partition} ${at}`);
    mergeReading(histories, readingOf(partition, { [name]: { count: 100, examples } }));
  }
  expect([histories[name].count, histories[name].examples.length]).toEqual([300, 20]);
  expect([histories[name].examples[0], histories[name].examples[19]]).toEqual(["p0 0", "p2 3"]);
});

test("five differences are told", () => {
  const histories = emptyHistories();
  for (const partition of [0, 1, 2])
    mergeReading(histories, readingOf(partition, { differences: [`${partition} a`, `${partition} b`] }));
  expect(histories.differences).toEqual(["0 a", "0 b", "1 a", "1 b", "2 a"]);
});

test("the leader's batches, and the ranges that a witness has read, are kept by partition", () => {
  const histories = emptyHistories();
  histories.witness = new WitnessSeen(6);
  const batches = [{ from: 0, batches: 1, digest: 2 }];
  const range = { from: 5, to: 9, records: 4, digest: "d" };
  mergeReading(histories, readingOf(2, { batches, witnessed: [range] }));
  expect([...histories.leaderBatches]).toEqual([[2, batches]]);
  expect([...histories.witness.end.log]).toEqual([["2:5:9", range]]);
});

test("without a witness its ranges are left out", () => {
  const witnessed = [{ from: 5, to: 9, records: 4, digest: "d" }];
  expect(() => mergeReading(emptyHistories(), readingOf(2, { witnessed }))).not.toThrow();
});

test("an event that another partition's record names is due in its own", () => {
  const histories = emptyHistories();
  histories.elsewhere = [
    { of: 0, partition: 2, sequence: 7 },
    { of: 0, partition: 6, sequence: 7 },
  ];
  settleElsewhere(histories);
  expect(histories.partitions.map(({ due }) => due.count)).toEqual([0, 0, 1, 0, 0, 0]);
  expect(histories.partitions[2]?.due.has(7)).toBe(true);
});
