import { describe, expect, test } from "vitest";
import { emptyHistories } from "../fixture/histories.ts";
import { at, ends, found, log, offsets, rows, totals } from "../fixture/witness-scene.ts";
import type { Histories, PartitionHistory } from "../histories/histories.ts";
import type { WitnessSeen } from "../witness/witness-seen.ts";
import { WITNESS_CHECKS } from "./witness.ts";
import { offsetBehind } from "./witness-rows.ts";

const p1 = (histories: Histories) => histories.partitions[1] as PartitionHistory;
/** At the end, the range of the log has this. */
const atEnd =
  (range: string, records: number, digest = "aaaaaaaa") =>
  (_: Histories, seen: WitnessSeen) =>
    void seen.end.log.set(`1:${range}`, { records, digest });

describe("the log", () => {
  test("of a partition that was not read proves nothing", () =>
    expect(found([log("bbbbbbbb"), ends(60)], (histories) => (p1(histories).log = undefined))).toEqual([]));
  test("a range that was not read at the end proves nothing", () =>
    expect(found([log("bbbbbbbb", 40, 40)])).toEqual([]));
  test("a range that reaches beyond the end is told once, as a shorter log", () => {
    const shorter = [
      { kind: "vanished", count: 10, ranges: [expect.stringContaining("the log went up to offset 60 at")] },
    ];
    expect(found([log("bbbbbbbb", 60, 60)], atEnd("0:60", 50))).toEqual(shorter);
    expect(found([log("bbbbbbbb", 60, 60)], atEnd("0:60", 60))).toEqual(shorter);
  });
  test("records that Kafka has deleted are not vanished", () =>
    expect(
      found([log("bbbbbbbb")], (histories, seen) => {
        if (p1(histories).log !== undefined) (p1(histories).log as { start: number }).start = 10;
        atEnd("0:50", 47)(histories, seen);
      }),
    ).toEqual([]));
  test("of several ranges, only the one with fewer records is told", () =>
    expect(found([log("cccccccc", 20, 20), log("aaaaaaaa")], atEnd("0:20", 19))).toEqual([
      { kind: "vanished", count: 1, ranges: [expect.stringContaining("p1 offsets 0-19: 20 records")] },
    ]));
  test("one record more under the same digest is another content", () =>
    expect(found([log("aaaaaaaa", 49)])).toMatchObject([{ kind: "inconsistent-offset", count: 1 }]));
  test("it went up to the highest that was read, at the time when that was seen first", () => {
    expect(found([log("aaaaaaaa"), log("bbbbbbbb", 70, 70), log("bbbbbbbb", 60, 60)])).toEqual([
      {
        kind: "vanished",
        count: 20,
        ranges: ["p1: the log went up to offset 70 at 2026-07-01T00:00:01.000Z; at the end up to 50"],
      },
    ]);
    expect(found([ends(70), log("bbbbbbbb", 60, 60)])).toMatchObject([
      { kind: "vanished", count: 20 },
      { kind: "rewound" },
    ]);
  });
});

describe("figures that went back", () => {
  test("say nothing of an end that was not read", () =>
    expect(found([ends(60), ends(55)], (histories) => (histories.logRead = false))).toEqual([
      { kind: "rewound", count: 1, ranges: ["p1: high watermark went back from 60 to 55 at 2026-07-01T00:00:01.000Z"] },
    ]));
  test("are all counted, though only the first are shown", () => {
    const often = Array.from({ length: 30 }, () => [ends(45), ends(40)]).flat();
    expect(found([...often, ends(50)])).toMatchObject([{ kind: "rewound", count: 30 }]);
    expect(found([...often.slice(0, 4), ends(50)])).toMatchObject([{ kind: "rewound", count: 2 }]);
  });
});

test("snapshots that do not agree are all counted, though only the first are shown", () => {
  expect(found(Array.from({ length: 25 }, () => totals(["x"])))).toMatchObject([{ kind: "torn-visible", count: 25 }]);
  expect(found(Array.from({ length: 3 }, () => totals(["x"])))).toMatchObject([{ kind: "torn-visible", count: 3 }]);
});

test("a witness that was not there finds nothing", () => {
  expect(WITNESS_CHECKS.flatMap((check) => check.find(emptyHistories()))).toEqual([]);
});

test("what vanished is told by what it was", () => {
  const histories = emptyHistories();
  found([log("bbbbbbbb", 60, 60), rows(52, "6")], (made) =>
    Object.assign(histories, { partitions: made.partitions, witness: made.witness }),
  );
  const [vanished] = WITNESS_CHECKS.flatMap((check) => check.find(histories));
  expect(vanished?.detail).toBe("10 offsets of the log, 2 rows");
  found([rows(50, "6")], (made) => Object.assign(histories, { partitions: made.partitions, witness: made.witness }));
  const [rewritten] = WITNESS_CHECKS.flatMap((check) => check.find(histories));
  expect(rewritten?.detail).toBe("");
});

describe("the offset behind the last event of a range", () => {
  /** Sequences 0-19 at offset 200, 20-49 at 100; 50-59 in doubt. */
  const history = p1(emptyHistories());
  const batches: [from: number, count: number, offset: number][] = [
    [0, 20, 200],
    [20, 30, 100],
    [50, 10, -1],
  ];
  for (const [from, count, offset] of batches) {
    const batch = history.batches.batch(from, count) as number;
    history.batches.attempt(batch, at(0), at(0));
    if (offset >= 0) history.batches.acknowledge(batch, offset);
  }

  test.each<[from: number, to: number, behind: number | undefined]>([
    [0, 10, 210],
    [5, 20, 220],
    [20, 30, 110],
    [40, 50, 130],
    [10, 30, 220],
    [40, 51, undefined],
    [55, 60, undefined],
    [60, 70, undefined],
  ])("%i to %i: %j", (from, to, behind) => expect(offsetBehind(history, { from, to })).toBe(behind));

  test("rows of no event of the ledger are never late", () =>
    expect(found([offsets(50), rows(1, "a", 60, 70), rows(2, "b", 60, 70)])).toEqual([]));

  test("the last batch of the ledger may end before the range does", () => {
    const whole = p1(emptyHistories());
    const batch = whole.batches.batch(0, 5) as number;
    whole.batches.attempt(batch, 0, 0);
    whole.batches.acknowledge(batch, 7);
    expect(offsetBehind(whole, { from: 2, to: 9 })).toBe(12);
  });
});
