import { describe, expect, test } from "vitest";
import type { Series } from "../success-gap.ts";
import { calmGap, chargedGap, type FaultWindow } from "./charge.ts";

/** Successes at these times, exactly. */
const at = (...times: number[]): Series => ({
  startMs: times[0] ?? 0,
  afterMs: times,
  untilMs: times,
  by: "ledger",
  endMs: 100_000,
  openEnd: false,
  pauses: [],
});
const window = (id: number, fromMs: number, toMs: number): FaultWindow => ({ id, fromMs, toMs });
const exact = (ms: number) => ({ lowMs: ms, highMs: ms, open: false, by: "ledger" });

/** For each window: the length of its gap, and with whom it is shared. */
function charged(series: Series[], ...windows: FaultWindow[]) {
  return windows.map((each) => {
    const { measure, sharedWith } = chargedGap(series, each, windows);
    return ["unknown" in measure ? measure.unknown : measure.highMs, sharedWith];
  });
}
const NONE = "no success was due in this time";

describe("a gap is charged to the fault in whose window it begins", () => {
  test("the last success before an injection begins the gap; so does one in the window", () => {
    expect(charged([at(900, 1_000, 4_000, 4_100)], window(1, 1_050, 4_050))).toEqual([[3_000, []]]);
    expect(charged([at(900, 1_000, 1_100, 4_000)], window(1, 1_050, 4_050))).toEqual([[2_900, []]]);
  });

  test("a gap after the window is nobody's", () => {
    expect(charged([at(1_000, 1_100, 1_200, 9_000)], window(1, 1_050, 1_150))).toEqual([[100, []]]);
  });

  test("a fault in the middle of another one's gap does not get it; both say so", () => {
    const series = [at(1_000, 31_000, 32_000)];
    expect(charged(series, window(6, 1_010, 31_500), window(7, 25_000, 33_000))).toEqual([
      [30_000, [7]],
      [1_000, [6]],
    ]);
  });

  test("a gap that begins in two windows is charged to both", () => {
    expect(charged([at(1_000, 2_000, 5_000)], window(1, 900, 6_000), window(2, 1_500, 6_000))).toEqual([
      [3_000, [2]],
      [3_000, [1]],
    ]);
  });

  test("of two faults in a gap that begins in calm, the first gets it", () => {
    expect(charged([at(1_000, 5_000)], window(1, 2_000, 5_000), window(2, 3_000, 5_000))).toEqual([
      [4_000, [2]],
      [NONE, [1]],
    ]);
    // The same moment: the lower id.
    expect(charged([at(1_000, 5_000)], window(2, 2_000, 5_000), window(1, 2_000, 5_000))).toEqual([
      [NONE, [1]],
      [4_000, [2]],
    ]);
  });

  test("an ordinary time between two successes that lies across an injection is shared with nobody", () => {
    const series = [at(1_000, 1_100, 4_000, 4_100, 4_200, 7_000)];
    expect(charged(series, window(1, 1_050, 4_180), window(2, 4_150, 7_100))).toEqual([
      [2_900, []],
      [2_800, []],
    ]);
  });

  test("the worst partition counts; one without any success counts for nothing", () => {
    expect(charged([at(1_000, 1_500), at(1_000, 4_000), at()], window(1, 1_050, 5_000))).toEqual([[3_000, []]]);
    expect(charged([at()], window(1, 1_050, 5_000))).toEqual([[NONE, []]]);
  });
});

describe("an end that is open", () => {
  test("is a lower bound", () => {
    const series = { ...at(1_000), endMs: 9_000, openEnd: true };
    expect(chargedGap([series], window(1, 1_050, Infinity), [window(1, 1_050, Infinity)])).toEqual({
      measure: { ...exact(8_000), open: true },
      sharedWith: [],
    });
  });

  test("is not hidden by a longer gap of another partition that ended", () => {
    const series = [{ ...at(1_000, 7_000), endMs: 9_000, openEnd: true }, at(1_000, 8_000)];
    const only = window(1, 1_050, Infinity);
    expect(chargedGap(series, only, [only]).measure).toEqual({ ...exact(7_000), open: true });
  });
});

test("an orderly end of the producer is no outage, what follows is", () => {
  const series = { ...at(1_000, 2_000, 60_000), pauses: [{ fromMs: 2_000, toMs: 59_000 }] };
  expect(charged([series], window(1, 1_500, 70_000))).toEqual([[1_000, []]]);
  // A sink that had not stored everything at the close was late all the same.
  const late = { ...at(1_000, 60_000), pauses: [{ fromMs: 2_000, toMs: 59_000 }] };
  expect(charged([late], window(1, 1_500, 70_000))).toEqual([[59_000, []]]);
});

test("calm lies outside of every window, and a gap that touches one is not calm", () => {
  const series = [at(0, 200, 1_000, 4_000, 4_500)];
  expect(calmGap(series, [window(1, 900, 3_900)])).toEqual(exact(500));
  expect(calmGap(series, [window(1, 1_000, 4_000)])).toEqual(exact(800));
  expect(calmGap(series, [window(1, 0, Infinity)])).toEqual({ unknown: NONE });
  // The time until the first success is that of the start.
  expect(calmGap([{ ...at(5_000, 5_200), startMs: 0 }], [])).toEqual(exact(200));
});

test("what is coarse has its error: at least, and at most", () => {
  const series: Series = {
    ...at(),
    startMs: 0,
    afterMs: [1_000, 4_000],
    untilMs: [1_050, 5_000],
    by: ["offsets", "samples"],
  };
  const only = window(1, 1_020, 6_000);
  expect(chargedGap([series], only, [only]).measure).toEqual({
    lowMs: 2_950,
    highMs: 4_000,
    open: false,
    by: "samples",
  });
});
