import { expect, it } from "vitest";
import { type Sample, UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import { outageCourse } from "./course.ts";

const RATE = 5_000;
const times = { calmMs: 0, downMs: 10_000, upMs: 70_000 };

/** 5,000 events/s; nothing is stored from 10 s to 72 s, then 50,000 a second until nothing is behind. */
function samples(): Sample[] {
  let stored = 0;
  return Array.from({ length: 90 }, (_, second) => {
    const due = second * RATE;
    if (second < 10) stored = due;
    else if (second > 72) stored = Math.min(due, stored + 50_000);
    return { ...UNKNOWN_SAMPLE, at_ms: second * 1_000, lag: due - stored, backlog: 0, next_offsets: [stored] };
  });
}

it("says when rows came again, when the lag was normal, and how fast it was caught up", () => {
  const course = outageCourse(samples(), times, RATE);
  expect(course).toEqual({
    peakBehind: 72 * RATE - 9 * RATE,
    firstRowsMs: 3_000,
    normalMs: 9_000,
    caughtUpPerSecond: expect.closeTo(50_000, -4),
  });
});

it("counts what waits in the producer, too", () => {
  const waiting = samples().map((sample) => ({ ...sample, lag: 0, backlog: sample.lag }));
  expect(outageCourse(waiting, times, RATE)).toMatchObject({ peakBehind: 63 * RATE, normalMs: 9_000 });
});

it("does not take a short dip, or the last sample, for the end", () => {
  const restless = samples().map((sample) => ({ ...sample, lag: sample.at_ms === 75_000 ? 0 : sample.lag }));
  expect(outageCourse(restless, times, RATE).normalMs).toBe(9_000);
  expect(outageCourse(samples().slice(0, 81), times, RATE).normalMs).toBeNull();
});

it("knows nothing of a time that no sample covers, or where sources did not answer", () => {
  expect(outageCourse([], times, RATE)).toEqual({
    peakBehind: null,
    firstRowsMs: null,
    normalMs: null,
    caughtUpPerSecond: null,
  });
  const blind = samples().map((sample) => ({ ...sample, lag: null }));
  expect(outageCourse(blind, times, RATE).normalMs).toBeNull();
});
