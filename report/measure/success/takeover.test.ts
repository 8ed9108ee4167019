import { expect, test } from "vitest";
import { FaultHistories, type FaultHistory } from "../../../contract/fault-history.ts";
import { fault } from "../../fixture/recovery.ts";
import { commitsOf, ledgerOf, type TrueRun, watchOf } from "../../fixture/sink-world.ts";
import { measureRecoveries } from "../recovery.ts";
import type { Measure } from "../measure.ts";
import { OffsetWatchBuilder } from "./offset-watch.ts";
import type { SinkPartition } from "./sink-series.ts";
import { takeoverOf } from "./takeover.ts";

const BASE = 1_000_000;
const INJECTED = BASE + 6_000;
const KILL = fault({
  id: 1,
  plannedMs: INJECTED,
  activeMs: INJECTED + 20,
  healedMs: INJECTED + 30,
  recoveredMs: INJECTED + 500,
});

/** A commit of each batch of 10 every 100 ms, 50 ms after its last event, but for a time that is made good in larger steps. */
function runWith(silentFromMs: number, silentToMs: number, backlogUntilMs: number): TrueRun {
  const commits: { atMs: number; toSequence: number }[] = [];
  for (let batch = 0; batch < 120; batch++) {
    const atMs = BASE + (batch + 1) * 100 + 50;
    const toSequence = (batch + 1) * 10;
    if (atMs >= silentFromMs && atMs < silentToMs) continue;
    // Behind by half of what was missed until it is made good.
    const isBehind = atMs >= silentToMs && atMs < backlogUntilMs;
    commits.push({ atMs, toSequence: isBehind ? toSequence - 100 : toSequence });
  }
  return { baseMs: BASE, durationMs: 12_000, commits };
}

function measured(run: TrueRun, claims: { generation: number; at_ms: number; after_ms: number }[] = []) {
  const { faults } = FaultHistories.of(KILL);
  const builder = new OffsetWatchBuilder();
  const line = { t: "offsets", partition: 0, rows: 0, duplicates: 0, dead_letters: 0, next_offset: 0 } as const;
  builder.add({ t: "open", version: 1, run: 7, session: 1, pid: 1, at_ms: BASE });
  builder.add({ ...line, generation: 1, at_ms: BASE });
  for (const claim of claims) builder.add({ ...line, ...claim });
  const watch = watchOf(
    run,
    Array.from({ length: 240 }, (_, index) => BASE + index * 50),
  );
  const [found] = measureRecoveries(faults, {
    ledger: ledgerOf(run),
    samples: [],
    watch: { ...watch, claims: builder.watch.claims },
    commits: commitsOf(run, 0, 1_200),
    endMs: BASE + 12_000,
  }).faults;
  if (found === undefined) throw new Error("no fault");
  return found;
}

const exactly = (ms: number) => ({ lowMs: ms, highMs: ms, open: false, by: "commits" });

test("taken over with the first row of new events; up to date when rows are as young as before", () => {
  const found = measured(runWith(INJECTED, INJECTED + 3_000, INJECTED + 4_000), [
    { generation: 2, after_ms: INJECTED + 2_450, at_ms: INJECTED + 2_500 },
  ]);
  expect(found.claimed).toEqual({ lowMs: 2_450, highMs: 2_500, open: false, by: "offsets" });
  // The event of 6,020 ms is in the backlog's first commit, at 3,050 ms.
  expect(found.takenOver).toEqual(exactly(3_050));
  // At 4,050 ms the backlog's last second is stored at once; the commit after it has young events alone.
  expect(found.upToDate).toEqual(exactly(4_150));
});

test("an outage that begins after new events were visible is over when the gap is", () => {
  const found = measured(runWith(INJECTED + 300, INJECTED + 2_300, 0));
  expect(found.visibleAgain).toEqual(exactly(150));
  expect(found.sinkGap.measure).toEqual(exactly(2_100));
  expect(found.takenOver).toEqual(exactly(2_350));
});

test("after a claim, a later gap has nothing to do with the take-over", () => {
  const found = measured(runWith(INJECTED + 400, INJECTED + 2_400, 0), [
    { generation: 2, after_ms: INJECTED + 190, at_ms: INJECTED + 260 },
  ]);
  expect(found.sinkGap.measure).toEqual(exactly(2_100));
  // Whose commit that of 250 ms was is not known: the claim came shortly before or after it.
  expect(found.takenOver).toEqual({ ...exactly(350), lowMs: 250 });
});

test("a run of hours has more commits than a call takes arguments", () => {
  const committedMs = Array.from({ length: 300_000 }, (_, index) => INJECTED - 10_000 + index * 20);
  const partition: SinkPartition = {
    lane: undefined,
    points: [],
    watched: undefined,
    ranges: [{ fromSequence: 0, toSequence: 300_000, ends: committedMs.map((_, index) => index + 1), committedMs }],
    series: [] as never,
  };
  const { takenOver } = takeoverOf(FaultHistories.of(KILL).faults[0] as FaultHistory, {
    partitions: [partition],
    claims: [{ generation: 2, afterMs: INJECTED + 95, atMs: INJECTED + 105 }],
    visibleAgain: exactly(50) as Measure,
    window: {} as never,
    windows: [],
    nextMs: Infinity,
  });
  expect(takenOver).toEqual({ ...exactly(120), lowMs: 100 });
});

test("nothing was missed: taken over with the first new event, no claim was seen, no backlog", () => {
  const found = measured(runWith(0, 0, 0));
  expect(found.takenOver).toEqual(exactly(150));
  expect(found.claimed).toEqual({ unknown: "the witness saw no claim" });
  expect(found.upToDate).toEqual(exactly(150));
});

test("a claim from before the injection is another one's", () => {
  const claims = [{ generation: 2, after_ms: INJECTED - 100, at_ms: INJECTED - 50 }];
  expect(measured(runWith(0, 0, 0), claims).claimed).toEqual({ unknown: "the witness saw no claim" });
});

test("without commit times from before, nobody knows how young rows were", () => {
  const run = runWith(0, 0, 0);
  const { faults } = FaultHistories.of(KILL);
  const [found] = measureRecoveries(faults, {
    ledger: ledgerOf(run),
    samples: [],
    commits: commitsOf(run, 620, 1_200),
    endMs: BASE + 12_000,
  }).faults;
  expect(found?.upToDate).toEqual({ unknown: "no commit times from before it" });
});
