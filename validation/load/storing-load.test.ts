import { expect, test } from "vitest";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { FaultWindow } from "./fault-window.ts";
import type { Acknowledged } from "./last-acknowledged.ts";
import type { OffsetPoint } from "./offset-points.ts";
import { type RowTimes, storedBefore, storingLoad } from "./storing-load.ts";

const window: FaultWindow = { fault: {} as FaultHistory, fromMs: 1000, toMs: 2000 };
const NO_TIMES = "PostgreSQL keeps no commit times";
const at = (atMs: number, ...nextOffsets: number[]): OffsetPoint => ({ sinceMs: atMs - 10, atMs, nextOffsets });
const commits = (firstMs: number | undefined, lastMs: number | undefined, committedMs?: number): RowTimes => ({
  firstMs,
  lastMs,
  committedMs: () => committedMs,
});
const acked = (atMs: number, endOffset = 10, partition = 0): Acknowledged => ({
  partition,
  endSequence: 10,
  endOffset,
  atMs,
});

const isStoredBefore = (firstMs: number | undefined) =>
  storedBefore(2000, { points: [], rows: commits(firstMs, firstMs) });

const isSeenBefore = (...points: OffsetPoint[]) => storedBefore(2000, { points, rows: NO_TIMES });

test("something was stored before, by commit times or by samples", () => {
  expect([isStoredBefore(1999), isStoredBefore(2000), isStoredBefore(2001), isStoredBefore(undefined)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect([
    isSeenBefore(),
    isSeenBefore(at(1999, 0, 0)),
    isSeenBefore(at(2000, 0, 1)),
    isSeenBefore(at(2001, 5, 5)),
  ]).toEqual([false, false, true, false]);
});

const isRecovered = (points: OffsetPoint[], rows: RowTimes | string = NO_TIMES) =>
  storingLoad(window, [], true, { points, rows }).isRecovered;

test("a path recovers if a row is committed after the undo, or samples see an offset move after it", () => {
  expect(isRecovered([], commits(1, 2001))).toBe(true);
  expect(isRecovered([], commits(1, 2000))).toBe(false);
  expect(isRecovered([], commits(undefined, undefined))).toBe(false);
  expect(isRecovered([])).toBe(false);
  // All before the undo.
  expect(isRecovered([at(1500, 1), at(2000, 9)])).toBe(false);
  expect(isRecovered([at(2010, 1, 7), at(2500, 1, 8)])).toBe(true);
  expect(isRecovered([at(2010, 1, 7), at(2500, 1, 7)])).toBe(false);
  // Only what moved after the first sample that is surely of a later time counts.
  expect(isRecovered([at(2009, 1), at(2500, 2)])).toBe(false);
});

const isDue = (batches: Acknowledged[], points: OffsetPoint[], rows: RowTimes | string = NO_TIMES) =>
  // It has worked before, by a sample of long ago.
  storingLoad(window, batches, false, { points: [at(10, 1, 1), ...points], rows }).isUnderLoad;

test("events were due if they were acknowledged meanwhile, or before and not yet stored", () => {
  expect(isDue([acked(1000)], [])).toBe(true);
  expect(isDue([acked(999)], [])).toBe(false);
  expect(isDue([acked(500), acked(1500)], [])).toBe(true);
  expect(isDue([], [])).toBe(false);
  // A sample of the time of the fault that has less, or as much.
  expect(isDue([acked(500)], [at(1010, 9)])).toBe(true);
  expect(isDue([acked(500)], [at(1009, 9)])).toBe(false);
  expect(isDue([acked(500)], [at(1010, 10)])).toBe(false);
  expect(isDue([acked(500, 10, 1)], [at(1010, 99)])).toBe(true);
});

const isDueByCommits = (committedMs: number | undefined, points: OffsetPoint[]) =>
  storingLoad(window, [acked(500)], false, { points, rows: commits(1, 3000, committedMs) }).isUnderLoad;

test("commit times decide if samples don't; what samples saw stored before stays stored", () => {
  expect(isDueByCommits(1001, [])).toBe(true);
  expect(isDueByCommits(1000, [])).toBe(false);
  expect(isDueByCommits(undefined, [])).toBe(false);
  expect(isDueByCommits(1001, [at(1000, 10)])).toBe(false);
  expect(isDueByCommits(1001, [at(999, 9)])).toBe(true);
  expect(isDueByCommits(1001, [at(1001, 10)])).toBe(true);
});

const isUnderLoad = (isProducing: boolean, firstMs: number) =>
  storingLoad(window, [], isProducing, { points: [], rows: commits(firstMs, 3000) }).isUnderLoad;

test("a path that had stored nothing before the undo was not under load, whoever produces", () => {
  expect([isUnderLoad(true, 2000), isUnderLoad(true, 2001), isUnderLoad(false, 1)]).toEqual([true, false, false]);
});
