import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeLog } from "../../contract/log-line.ts";
import { type Sample, UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import { HealthKeeper } from "./health-keeper.ts";
import { lastMoves } from "./last-moves.ts";

const NO_ERRORS = { logEnds: [9_999, 9_999], errors: [] };
const HOUR_MS = 3_600_000;

function sample(atMs: number, nextOffsets: number[] | null): Sample {
  return {
    ...UNKNOWN_SAMPLE,
    at_ms: atMs,
    answered_ms: { ...UNKNOWN_SAMPLE.answered_ms, sink: nextOffsets === null ? null : atMs - 5 },
    next_offsets: nextOffsets,
    unstored_age_ms: nextOffsets === null ? null : [HOUR_MS, HOUR_MS],
  };
}

const standstills = (keeper: HealthKeeper, atMs: number, next: number[] | null) =>
  keeper.judge(sample(atMs, next), NO_ERRORS).partitions.map(({ standstill_ms: ms }) => ms);

test("a partition stands still since the answer in which it was first seen where it is", () => {
  const keeper = new HealthKeeper(2);
  expect(standstills(keeper, 1_000, [10, 20])).toEqual([5, 5]);
  expect(standstills(keeper, 2_000, [11, 20])).toEqual([5, 1_005]);
  expect(standstills(keeper, 3_000, null)).toEqual([null, null]);
  // An outage of PostgreSQL is no move, and no new beginning.
  expect(standstills(keeper, 40_000, [11, 20])).toEqual([38_005, 39_005]);
  expect(standstills(keeper, 41_000, [11, 21])).toEqual([39_005, 5]);
});

test("each partition has its own reason: its leader, or the sink's error", () => {
  const keeper = new HealthKeeper(2);
  keeper.judge(sample(0, [10, 20]), NO_ERRORS);
  const errors = [{ partition: 0, error: "no space left on device", at_ms: 20_000 }];
  const { partitions } = keeper.judge(sample(40_000, [10, 20]), { logEnds: [100, null], errors });
  expect(partitions.map(({ state, reason }) => [state, reason])).toEqual([
    ["stuck", "no space left on device"],
    ["unknown", "Kafka did not answer in time"],
  ]);
  const nothing = keeper.judge(sample(41_000, null), { logEnds: null, errors }).partitions[0];
  expect(nothing).toMatchObject({ state: "unknown", reason: "Kafka and PostgreSQL did not answer in time" });
});

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-moves-"));
  file = join(directory, "witness.ndjson");
});
afterEach(() => rm(directory, { recursive: true }));

const line = (partition: number, next: number, atMs: number, generation = 1) => ({
  t: "offsets",
  partition,
  next_offset: next,
  generation,
  rows: next,
  duplicates: 0,
  dead_letters: 0,
  at_ms: atMs,
});

test("a monitor that starts again knows since when a partition stands still, from far back in the witness file", async () => {
  const others = Array.from({ length: 5_000 }, (_, index) => line(1, index, 2_000 + index));
  const ends = Array.from({ length: 3_000 }, (_, index) => ({
    t: "ends",
    partition: 0,
    high_watermark: 9,
    at_ms: index,
  }));
  const text = encodeLog([
    line(0, 9, 500),
    line(0, 10, 1_000),
    ...ends,
    ...others,
    // A new driver, and a new session's first line: no moves.
    line(0, 10, 8_000, 2),
    line(0, 10, 9_000, 2),
  ]);
  expect(text.length).toBeGreaterThan(2 * (1 << 18));
  await writeFile(file, `${text}{"t":"offsets","partition":0,"next_off`);
  const moves = await lastMoves(file, 2);
  expect(moves.get(0)).toEqual({ nextOffset: 10, movedMs: 1_000 });
  expect(moves.get(1)).toEqual({ nextOffset: 4_999, movedMs: 6_999 });
  const keeper = new HealthKeeper(2, moves);
  expect(standstills(keeper, 50_000, [10, 5_000])).toEqual([49_000, 5]);
});

test("a partition that was never seen to move stands still since it was first seen; no file, no moves", async () => {
  expect(await lastMoves(file, 2)).toEqual(new Map());
  await writeFile(file, encodeLog([line(0, 7, 700), line(0, 7, 800, 2)]));
  expect(await lastMoves(file, 2)).toEqual(new Map([[0, { nextOffset: 7, movedMs: 700 }]]));
});
