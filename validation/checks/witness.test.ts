import { describe, expect, test } from "vitest";
import { at, ends, found, kinds, log, offsets, rows, totals } from "../fixture/witness-scene.ts";
import type { Histories } from "../histories/histories.ts";

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

describe("a promotion", () => {
  const [before, after] = [{ timeline: 1 }, { timeline: 2 }];

  test("takes commits back, which are stored again", () =>
    expect(
      found([
        { ...offsets(40, 3), ...before },
        { ...rows(40, "4"), ...before },
        { ...rows(10, "1"), ...after },
        { ...offsets(10, 1), ...after },
        { ...offsets(50), ...after },
        { ...rows(50, "5"), ...after },
      ]),
    ).toEqual([
      {
        kind: "failed-over",
        count: 30,
        ranges: [
          "30 offsets of 1 partition were rewound at 2026-07-01T00:00:03.000Z (timeline 1 → 2)",
          "p1: next_offset went back from 40 to 10 at 2026-07-01T00:00:03.000Z (timeline 1 → 2); at the end 50",
        ],
      },
    ]));
  test("excuses nothing that is gone at the end, or that has another content then", () => {
    const lost = [
      { ...rows(52, "6"), ...before },
      { ...rows(50, "5"), ...after },
    ];
    expect(kinds(lost)).toEqual([["vanished", 2]]);
    const changed = [
      { ...rows(50, "6"), ...before },
      { ...rows(10, "1"), ...after },
      { ...rows(50, "5"), ...after },
    ];
    expect(kinds(changed)).toEqual([["rewritten", 1]]);
  });
  test("excuses nothing within one timeline, and no offset that the log never had", () => {
    expect(kinds([{ ...offsets(40), ...after }, { ...offsets(30), ...after }, offsets(50)])).toEqual([["rewound", 1]]);
    expect(
      kinds([
        { ...rows(50, "5"), ...after },
        { ...rows(40, "4"), ...after },
      ]),
    ).toEqual([["vanished", 10]]);
    const beyond = [
      { ...offsets(60), ...before },
      { ...offsets(30), ...after },
    ];
    expect(kinds(beyond)).toEqual([
      ["rewound", 1],
      ["failed-over", 30],
    ]);
    // A witness that knew no timelines.
    expect(kinds([offsets(40), offsets(30)])).toEqual([["rewound", 1]]);
  });
  test("makes nothing due that only the former primary had stored", () => {
    const late = { ...rows(49, "4"), ...after };
    expect(found([{ ...offsets(50), ...before }, late, { ...rows(50, "5"), ...after }])).toEqual([]);
    expect(kinds([{ ...offsets(50), ...after }, late])).toEqual([["late-visible", 1]]);
  });
  test("takes the word from a former primary that goes on", () => {
    expect(
      kinds([
        { ...offsets(30), ...before },
        { ...offsets(30), ...after },
        { ...offsets(45), ...before },
        { ...rows(52, "6"), ...before },
        { ...offsets(50), ...after },
      ]),
    ).toEqual([]);
  });
});
