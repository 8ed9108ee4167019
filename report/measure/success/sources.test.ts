import { expect, test } from "vitest";
import { encodeCommits, type CommitsRecord } from "../../../contract/commits.ts";
import { FaultHistories } from "../../../contract/fault-history.ts";
import { fault } from "../../fixture/recovery.ts";
import { commitsOf, ledgerOf, samplesOf, type TrueRun, watchOf } from "../../fixture/sink-world.ts";
import { measureRecoveries } from "../recovery.ts";
import { commitOf, commitRanges } from "./commit-history.ts";
import { OffsetWatchBuilder } from "./offset-watch.ts";
import { longestGap } from "../success-gap.ts";
import { sinkPartitions } from "./sink-series.ts";

const BASE = 1_000_000;
/** PostgreSQL is down from 3.0 s to 7.4 s: a commit each 100 ms besides. */
const RUN: TrueRun = {
  baseMs: BASE,
  durationMs: 10_000,
  commits: Array.from({ length: 100 }, (_, index) => ({
    atMs: BASE + index * 100 + 97.25,
    toSequence: (index + 1) * 10,
  })).filter(({ atMs }) => atMs < BASE + 3_000 || atMs > BASE + 7_400),
};
const isDown = (atMs: number) => atMs >= BASE + 3_000 && atMs < BASE + 7_400;
const KILL = fault({
  id: 3,
  plannedMs: BASE + 3_000,
  activeMs: BASE + 3_050,
  healedMs: BASE + 7_000,
  recoveredMs: BASE + 7_300,
});
const times = (everyMs: number) => Array.from({ length: 12_000 / everyMs }, (_, index) => BASE + index * everyMs);

function recovery(more: Partial<Parameters<typeof measureRecoveries>[1]>) {
  const { faults } = FaultHistories.of(KILL);
  const samples = samplesOf(RUN, times(1_000), isDown);
  const [found] = measureRecoveries(faults, { ledger: ledgerOf(RUN), samples, endMs: BASE + 12_000, ...more }).faults;
  if (found === undefined) throw new Error("no fault");
  return { sinkGap: found.sinkGap.measure, visibleAgain: found.visibleAgain };
}

test("a restart of PostgreSQL by the samples, by the witness, and by the commits themselves", () => {
  // The last row before at 2,997.25 ms, the next one at 7,497.25 ms.
  expect(recovery({})).toEqual({
    sinkGap: { lowMs: 0, highMs: 7_000, open: false, by: "samples" },
    visibleAgain: { lowMs: 60, highMs: 5_000, open: false, by: "samples" },
  });
  const seen = times(50).filter((atMs) => !isDown(atMs));
  expect(recovery({ watch: watchOf(RUN, seen) })).toEqual({
    // Nobody could look from 2,950 ms to 7,400 ms: the last row before may have come at any time between.
    sinkGap: { lowMs: 50, highMs: 4_550, open: false, by: "offsets" },
    visibleAgain: { lowMs: 4_450, highMs: 4_500, open: false, by: "offsets" },
  });
  const exact = { lowMs: 4_500, highMs: 4_500, open: false, by: "commits" };
  expect(recovery({ watch: watchOf(RUN, seen), commits: commitsOf(RUN, 250, 800) })).toEqual({
    sinkGap: exact,
    visibleAgain: { ...exact, lowMs: 4_497, highMs: 4_497 },
  });
});

test("commits that do not cover the window leave the rest to the witness", () => {
  const seen = times(50).filter((atMs) => !isDown(atMs));
  // The range begins with the first commit after the outage.
  const { sinkGap, visibleAgain } = recovery({ watch: watchOf(RUN, seen), commits: commitsOf(RUN, 300, 800) });
  expect(visibleAgain).toMatchObject({ by: "commits", lowMs: 4_497, highMs: 4_497 });
  expect(sinkGap).toMatchObject({ by: "offsets", highMs: 4_550 });
});

test("commits without a line that says that they are complete count for nothing", () => {
  const commit: CommitsRecord = {
    t: "commit",
    partition: 0,
    from_sequence: 0,
    to_sequence: 10,
    rows: 10,
    committed_us: 5_000,
  };
  const read: CommitsRecord = {
    t: "read",
    version: 1,
    fault: 1,
    partition: 0,
    from_sequence: 0,
    to_sequence: 10,
    at_ms: 9,
  };
  expect(encodeCommits(commit)).toContain('"committed_us":5000');
  expect(commitRanges([commit]).get(0)).toEqual([]);
  expect(commitRanges([commit, read]).get(0)).toEqual([
    { fromSequence: 0, toSequence: 10, ends: [10], committedMs: [5] },
  ]);
});

const part = (from_sequence: number, to_sequence: number, committed_us: number): CommitsRecord[] => [
  { t: "commit", partition: 2, from_sequence, to_sequence, rows: to_sequence - from_sequence, committed_us },
  { t: "read", version: 1, fault: 1, partition: 2, from_sequence, to_sequence, at_ms: 9 },
];

test("ranges that touch are one; a transaction that two of them cut is one commit", () => {
  const [range, ...others] =
    commitRanges([...part(20, 30, 7_000), ...part(0, 10, 5_000), ...part(10, 20, 7_000)]).get(2) ?? [];
  expect(others).toEqual([]);
  expect(range).toEqual({ fromSequence: 0, toSequence: 30, ends: [10, 30], committedMs: [5, 7] });
});

test("a dead letter stands back for the next row; outside of the ranges nobody knows", () => {
  const ranges = [{ fromSequence: 0, toSequence: 30, ends: [10, 30], committedMs: [5, 7] }];
  expect([0, 9, 10, 29, 30].map((sequence) => commitOf(ranges, sequence))).toEqual([5, 5, 7, 7, undefined]);
});

test("what changed between two sessions of the witness was not seen by it", () => {
  const builder = new OffsetWatchBuilder();
  const line = (next_offset: number, at_ms: number, after_ms?: number) =>
    builder.add({
      t: "offsets",
      partition: 0,
      next_offset,
      generation: 1,
      rows: 0,
      duplicates: 0,
      dead_letters: 0,
      ...(after_ms !== undefined && { after_ms }),
      at_ms,
    });
  builder.add({ t: "open", version: 1, run: 7, session: 1, pid: 1, at_ms: 0 });
  line(5, 100);
  line(8, 200, 150);
  // Another generation, the same offset: nothing was stored.
  line(8, 250, 240);
  builder.add({ t: "open", version: 1, run: 7, session: 2, pid: 2, at_ms: 900 });
  line(20, 950);
  // As an older witness wrote it.
  line(21, 990);
  expect(builder.watch.partitions.get(0)?.sessions).toEqual([
    { fromMs: 100, toMs: 250, first: 5, changes: [{ nextOffset: 8, afterMs: 150, atMs: 200 }] },
    { fromMs: 950, toMs: 990, first: 20, changes: [{ nextOffset: 21, afterMs: 950, atMs: 990 }] },
  ]);
});

test("a batch that was sent twice may be in the log at a lower offset: the lower bound says so", () => {
  const run: TrueRun = {
    ...RUN,
    commits: Array.from({ length: 100 }, (_, index) => ({
      atMs: BASE + index * 100 + 97,
      toSequence: (index + 1) * 10,
    })),
  };
  const ledger = ledgerOf(run);
  const lane = ledger.lanes.get(0);
  if (lane === undefined) throw new Error("no lane");
  // The ledger's offsets from batch 30 on: one batch is twice in the log.
  for (let batch = 30; batch < lane.offsets.length; batch++) lane.offsets[batch] = (lane.offsets[batch] as number) + 10;
  const all = { ledger, samples: [], watch: watchOf(run, times(50)) };
  expect(recovery(all).visibleAgain).toEqual({ lowMs: 150, highMs: 200, open: false, by: "offsets" });
  lane.retried.add(30);
  // Event 306 was made at 3,060 ms, and its first attempt may have been stored with next_offset 310.
  expect(recovery(all).visibleAgain).toEqual({ lowMs: 60, highMs: 200, open: false, by: "offsets" });
});

test("between the last look and the first commit of a range, nobody knows what was stored", () => {
  const commits = [1_000, 5_000, 9_000, 9_100].map((ms, index) => ({ atMs: BASE + ms, toSequence: (index + 1) * 10 }));
  const run: TrueRun = { ...RUN, commits };
  // The samples see the commit at 1 s, and nothing after it; the commit at 5 s is in no range.
  const samples = samplesOf(run, times(500), (atMs) => atMs > BASE + 1_500);
  const [partition] = sinkPartitions({
    ledger: ledgerOf(run),
    samples,
    watch: undefined,
    commits: commitsOf(run, 20, 40),
  });
  if (partition === undefined || typeof partition === "string") throw new Error("no partition");
  const all = longestGap(partition.series, { fromMs: -Infinity, toMs: Infinity }, (gap) => gap.fromMs >= BASE + 1_000);
  // The truth is 4,000 ms.
  expect(all?.measure).toEqual({ lowMs: 500, highMs: 8_500, open: false, by: "samples" });
});
