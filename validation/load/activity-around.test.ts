import { expect, test } from "vitest";
import { fault } from "../fixture/timed-run.ts";
import { ActivityAround } from "./activity-around.ts";
import { windowsOf } from "./fault-window.ts";

/** Around which of these faults something was under way, given when it was seen. */
function around(faults: [fromMs: number, toMs: number][], seenMs: number[]): boolean[] {
  const windows = windowsOf(faults.map(([fromMs, toMs], at) => fault("kafka", fromMs, toMs, { id: at + 1 })));
  const activity = new ActivityAround(windows);
  for (const ms of seenMs) activity.seen(ms);
  return windows.map((window) => activity.isAround(window));
}

test("something was seen shortly before and shortly after", () => {
  expect(around([[5000, 5100]], [4900, 5200])).toEqual([true]);
  // Exactly a second is still near, and so is the moment itself.
  expect(around([[5000, 5100]], [4000, 6100])).toEqual([true]);
  expect(around([[5000, 5100]], [3999, 6100])).toEqual([false]);
  expect(around([[5000, 5100]], [4000, 6101])).toEqual([false]);
  expect(around([[5000, 5100]], [3000, 5000, 5200])).toEqual([true]);
  expect(around([[5000, 5100]], [4900, 5100, 9000])).toEqual([true]);
  expect(around([[5000, 5100]], [4900])).toEqual([false]);
  expect(around([[5000, 5100]], [5200])).toEqual([false]);
});

test("a fault of a second is short, a longer one is not", () => {
  expect(around([[5000, 6000]], [4900, 6100])).toEqual([true]);
  expect(around([[5000, 6001]], [4900, 6100])).toEqual([false]);
});

test("each fault has its own before and after", () => {
  const two: [number, number][] = [
    [5000, 5100],
    [9000, 9100],
  ];
  expect(around(two, [3000, 5200, 8900, 9200])).toEqual([false, true]);
  expect(around(two, [4900, 5200, 7000, 9200])).toEqual([true, false]);
  expect(around(two, [4900, 7000, 8900, 9200])).toEqual([false, true]);
  // One within the other: the same sight is after both.
  expect(
    around(
      [
        [5000, 5100],
        [5010, 5090],
      ],
      [4990, 5200],
    ),
  ).toEqual([true, true]);
});
