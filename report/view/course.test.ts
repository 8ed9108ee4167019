import { expect, test } from "vitest";
import { UNKNOWN_SAMPLE } from "../../contract/sample.ts";
import { timelineOf } from "../timeline/builder.ts";
import { courseOf } from "./course.ts";

const AT = 1_795_000_000_000;
const sample = (second: number, acknowledged: number | null, lag: number | null) => ({
  ...UNKNOWN_SAMPLE,
  at_ms: AT + second * 1_000,
  answered_ms: { ...UNKNOWN_SAMPLE.answered_ms, sink: AT + second * 1_000, producer: AT + second * 1_000 },
  acknowledged,
  rows: acknowledged,
  dead_letters: 0,
  lag,
});

test("mean rates and the highest lag of each step; a step that nobody saw is unknown", () => {
  const samples = Array.from({ length: 800 }, (_, second) =>
    sample(second, second * 10, second === 501 ? 7 : 1),
  ).filter(({ at_ms }) => at_ms < AT + 600_000 || at_ms >= AT + 620_000);
  const course = courseOf(timelineOf(samples, []), { startMs: AT, endMs: AT + 800_000 });
  expect(course?.step_ms).toBe(2_000);
  expect(course?.stored_per_s).toHaveLength(400);
  expect(course?.stored_per_s.slice(1, 4)).toEqual([10, 10, 10]);
  expect(course?.lag.slice(249, 252)).toEqual([1, 7, 1]);
  expect(course?.stored_per_s.slice(300, 309)).toEqual(Array.from({ length: 9 }, () => null));
});

test("a short run has steps of a second; none without samples", () => {
  const samples = [sample(0, 0, 0), sample(1, 5, 0), sample(2, 9, 0)];
  const run = { startMs: AT, endMs: AT + 3_000 };
  expect(courseOf(timelineOf(samples, []), run)).toEqual({
    step_ms: 1_000,
    acknowledged_per_s: [null, 5, 4],
    stored_per_s: [null, 5, 4],
    lag: [0, 0, 0],
  });
  expect(courseOf(timelineOf([], []), run)).toBeNull();
});
