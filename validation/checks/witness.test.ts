import { describe, expect, test } from "vitest";
import type { WitnessRecord } from "../../contract/witness.ts";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import type { Histories, SinkOffset } from "../histories/histories.ts";
import { rangeKey, WitnessSeen } from "../witness/witness-seen.ts";
import { WITNESS_CHECKS } from "./witness.ts";

const T = Date.UTC(2026, 6, 1);
const at = (seconds: number) => T + seconds * 1000;
type Line = WitnessRecord extends infer R ? (R extends WitnessRecord ? Omit<R, "at_ms"> : never) : never;

/** One partition, p1, with 50 acknowledged events; each line is a second later. */
function found(lines: Line[], change: (histories: Histories, seen: WitnessSeen) => void = () => undefined) {
  const histories = emptyHistories();
  const history = soundPartition(histories, 1, 50);
  (history.sink as SinkOffset).generation = 2;
  const seen = new WitnessSeen(histories.partitions.length);
  for (const [index, line] of lines.entries()) seen.add({ ...line, at_ms: at(index) });
  seen.end.log.set(rangeKey(1, { from: 0, to: 50 }), { records: 50, digest: "aaaaaaaa" });
  seen.end.rows.set(rangeKey(1, { from: 0, to: 50 }), { rows: 50, digest: "5" });
  histories.witness = seen;
  change(histories, seen);
  return WITNESS_CHECKS.flatMap((check) => check.find(histories)).map(({ kind, count, ranges }) => ({
    kind,
    count,
    ranges,
  }));
}

const log = (digest: string, records = 50, to = 50): Line => ({ t: "log", partition: 1, from: 0, to, records, digest });
const ends = (end: number): Line => ({ t: "ends", partition: 1, high_watermark: end });
const rows = (count: number, digest: string): Line => ({
  t: "rows",
  partition: 1,
  from: 0,
  to: 50,
  rows: count,
  digest,
});
const offsets = (next: number, generation = 2): Line => ({
  t: "offsets",
  partition: 1,
  next_offset: next,
  generation,
  rows: next,
  duplicates: 0,
  dead_letters: 0,
});

const kinds = (lines: Line[]) => found(lines).map(({ kind, count }) => [kind, count]);
const totals = (problems: string[]): Line => ({
  t: "totals",
  next_offset: 1,
  rows: 1,
  counted_rows: 1,
  dead_letters: 0,
  counted_dead_letters: 0,
  aggregates: {},
  agree: problems.length === 0,
  problems,
});

test("what is still there is fine, and so is what was not due yet", () => {
  expect(found([ends(20), offsets(20), log("aaaaaaaa"), ends(50), rows(20, "1"), offsets(50), rows(50, "5")])).toEqual(
    [],
  );
  expect(found([log("bbbbbbbb")], (histories) => (histories.witness = undefined))).toEqual([]);
});

const isShort = (histories: Histories) => {
  const log1 = histories.partitions[1]?.log;
  if (log1 !== undefined) log1.start = 10;
};

describe("the log", () => {
  test("other records", () =>
    expect(found([log("bbbbbbbb")])).toEqual([
      {
        kind: "inconsistent-offset",
        count: 1,
        ranges: [
          "p1 offsets 0-49: digest bbbbbbbb of 50 records at 2026-07-01T00:00:00.000Z, aaaaaaaa of 50 at the end",
        ],
      },
    ]));
  test("fewer records", () =>
    expect(
      found([log("bbbbbbbb")], (_, seen) => seen.end.log.set("1:0:50", { records: 47, digest: "cccccccc" })),
    ).toEqual([
      {
        kind: "vanished",
        count: 3,
        ranges: ["p1 offsets 0-49: 50 records at 2026-07-01T00:00:00.000Z, 47 at the end"],
      },
    ]));
  test("a shorter log, which went back", () =>
    expect(found([ends(60), log("bbbbbbbb", 60, 60), ends(0), ends(50)])).toEqual([
      {
        kind: "vanished",
        count: 10,
        ranges: ["p1: the log went up to offset 60 at 2026-07-01T00:00:00.000Z; at the end up to 50"],
      },
      {
        kind: "rewound",
        count: 1,
        ranges: ["p1: high watermark went back from 60 to 0 at 2026-07-01T00:00:02.000Z; at the end 50"],
      },
    ]));
  test("what a follower has otherwise", () =>
    expect(found([], (histories) => (histories.replicaDifferences = ["p1 on broker 2: x"]))).toEqual([
      { kind: "inconsistent-offset", count: 1, ranges: ["p1 on broker 2: x"] },
    ]));
  test("what Kafka has deleted, or nobody could read, proves nothing", () => {
    expect(found([log("bbbbbbbb")], isShort)).toEqual([]);
    expect(found([log("bbbbbbbb"), ends(60)], (histories) => (histories.logRead = false))).toEqual([]);
  });
});

describe("the counters", () => {
  test("went back, and forward again", () =>
    expect(found([offsets(40), offsets(30), offsets(50), offsets(50, 1), offsets(50, 2)])).toEqual([
      {
        kind: "rewound",
        count: 2,
        ranges: [
          "p1: next_offset went back from 40 to 30 at 2026-07-01T00:00:01.000Z; at the end 50",
          "p1: generation went back from 2 to 1 at 2026-07-01T00:00:03.000Z; at the end 2",
        ],
      },
    ]));
  test("went back, came again, and are lower at the end once more", () =>
    expect(found([offsets(40), offsets(30), offsets(60)])).toMatchObject([
      {
        kind: "rewound",
        count: 2,
        ranges: [
          expect.stringContaining("went back from 40 to 30"),
          "p1: next_offset was 60 at 2026-07-01T00:00:02.000Z; at the end 50",
        ],
      },
    ]));
  test("are lower at the end", () =>
    expect(found([offsets(60, 3)])).toEqual([
      {
        kind: "rewound",
        count: 2,
        ranges: [
          "p1: next_offset was 60 at 2026-07-01T00:00:00.000Z; at the end 50",
          "p1: generation was 3 at 2026-07-01T00:00:00.000Z; at the end 2",
        ],
      },
    ]));
});

describe("the rows", () => {
  test("changed and changed back", () => {
    expect(kinds([rows(50, "5"), rows(50, "6"), rows(50, "5")])).toEqual([["rewritten", 1]]);
    expect(kinds([rows(50, "6")])).toEqual([["rewritten", 1]]);
  });
  test("gone, for ever or for a time", () => {
    expect(kinds([rows(52, "6")])).toEqual([["vanished", 2]]);
    expect(found([offsets(50), rows(50, "5"), rows(45, "4"), rows(50, "5")])).toEqual([
      {
        kind: "vanished",
        count: 5,
        ranges: [
          "p1 #0-49: 50 rows, digest 5 at 2026-07-01T00:00:01.000Z; 45 rows, digest 4 at 2026-07-01T00:00:02.000Z; 50 rows, digest 5 at 2026-07-01T00:00:03.000Z; 50 rows, digest 5 at the end",
        ],
      },
    ]);
  });
  test("visible only after next_offset had passed them", () => {
    expect(kinds([offsets(50), rows(49, "4"), rows(50, "5")])).toEqual([["late-visible", 1]]);
    expect(kinds([offsets(49), rows(49, "4"), rows(50, "5")])).toEqual([]);
    // The snapshot was begun before the counter was seen, though its line comes after.
    const late = { ...rows(49, "4"), at_ms: at(-1) };
    expect(found([offsets(49), offsets(50)], (_, seen) => seen.add(late))).toEqual([]);
  });
  test("of a batch in doubt have no time at which they are due", () =>
    expect(
      found([offsets(50), rows(49, "4")], (histories) => {
        histories.partitions[1]?.batches.acknowledge(0, -1);
      }),
    ).toEqual([]));
});

test("a snapshot that does not agree", () => {
  expect(found([totals([]), totals(["p1: 3 rows, but sink_offsets says 4"])])).toEqual([
    {
      kind: "torn-visible",
      count: 1,
      ranges: ["snapshot at 2026-07-01T00:00:01.000Z: p1: 3 rows, but sink_offsets says 4"],
    },
  ]);
});
