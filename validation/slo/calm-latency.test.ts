import { expect, test } from "vitest";
import { eventNumber } from "../../contract/event.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import { calmLatency } from "./calm-latency.ts";

/** Events of partition 0, one each millisecond from 0 on; event N is stored after this many ms. */
function latencyOf(tookMs: readonly (number | undefined)[], disturbed: [number, number][] = [], steadyMs = 0) {
  const sample = tookMs.map((_, sequence) => ({ partition: 0, sequence, createdMs: sequence }));
  const lookUp: LookUpRows = async (questions) =>
    questions.map(({ low, high, pick }) => {
      if (low !== high || pick !== "first") throw new Error("one row is asked for");
      const sequence = low - eventNumber(0, 0);
      const took = tookMs[sequence];
      return took === undefined ? undefined : { event: low, committedMs: sequence + took };
    });
  const spans = disturbed.map(([fromMs, toMs]) => ({ fromMs, toMs }));
  return calmLatency(lookUp, sample, spans, steadyMs);
}
const NOTHING = { unknown: "no event was created and stored outside every fault's window" };

test("the 99th percentile, and the lower end of what so many rows can tell", async () => {
  // 1 ms to 1000 ms: of 1000 rows the rank scatters by 7.3 to either side.
  const all = Array.from({ length: 1000 }, (_, at) => at + 1);
  expect(await latencyOf(all)).toEqual({
    worst: 990,
    least: 981,
    error: "from 1000 sampled rows, by commit times; at least 981 ms",
    what: "in calm",
  });
  // Of 298 the lower end is the 291st, and its time is known to 1 ms.
  expect(await latencyOf(all.slice(0, 298))).toMatchObject({ worst: 296, least: 290 });
  expect(await latencyOf([5])).toMatchObject({ worst: 5, least: 4 });
  expect(await latencyOf([0])).toMatchObject({ worst: 0, least: 0, error: expect.stringContaining("at least 0 ms") });
});

test("rows that are not there, of before the first rows, or with a fault on their way do not count", async () => {
  expect(await latencyOf([])).toEqual(NOTHING);
  expect(await latencyOf([undefined, undefined])).toEqual(NOTHING);
  expect(await latencyOf([undefined, 7])).toMatchObject({ worst: 7, error: expect.stringContaining("from 1 ") });
  expect(await latencyOf([900, 7, 8], [], 1)).toMatchObject({ worst: 8, error: expect.stringContaining("from 2 ") });
  // Event 0 is on its way from 0 to 100, event 1 from 1 to 11.
  expect(await latencyOf([100, 10], [[50, 60]])).toMatchObject({
    worst: 10,
    error: expect.stringContaining("from 1 "),
  });
  expect(await latencyOf([100], [[100, 200]])).toMatchObject({ worst: 100 });
  expect(await latencyOf([100], [[99, 200]])).toEqual(NOTHING);
  // Stored in the millisecond of its creation, or by a clock that is behind: it took a moment all the same.
  for (const took of [0, -5]) expect(await latencyOf([took], [[0, 1]])).toEqual(NOTHING);
});
