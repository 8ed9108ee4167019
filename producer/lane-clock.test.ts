import fc from "fast-check";
import { expect, test } from "vitest";
import { FullSpeed, LaneClock } from "./lane-clock.ts";

type Step = { waitMs: number; takeMax: number };
const steps = fc.array(
  fc.record({ waitMs: fc.double({ min: 0, max: 5_000, noNaN: true }), takeMax: fc.nat({ max: 400 }) }),
  { maxLength: 60 },
);
const settings = fc.record({
  startMs: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
  intervalMs: fc.double({ min: 0.05, max: 2_000, noNaN: true }),
  backlogMax: fc.integer({ min: 1, max: 1_000 }),
});

test("counts add up, the backlog is bounded, times are in order and no event is early", () => {
  fc.assert(
    fc.property(settings, steps, ({ startMs, intervalMs, backlogMax }, plan: Step[]) => {
      const clock = new LaneClock({ startMs, intervalMs, backlogMax });
      let [nowMs, taken, lastMs] = [startMs, 0, 0];
      for (const { waitMs, takeMax } of plan) {
        nowMs += waitMs;
        clock.advance(nowMs);
        expect(taken + clock.backlog + clock.throttled).toBe(Math.floor((nowMs - startMs) / intervalMs) + 1);
        expect(clock.backlog).toBeLessThanOrEqual(backlogMax);
        const born = takeMax === 0 ? undefined : clock.peek(takeMax);
        if (born === undefined) continue;
        clock.take(born.count);
        taken += born.count;
        expect(born.firstMs).toBeGreaterThanOrEqual(lastMs);
        expect(born.lastMs).toBeGreaterThanOrEqual(born.firstMs);
        expect(born.lastMs).toBeLessThanOrEqual(nowMs);
        // Evenly spaced: the ledger's first and last time are enough to compute those between.
        expect(Math.abs(born.lastMs - born.firstMs - (born.count - 1) * intervalMs)).toBeLessThanOrEqual(1.001);
        lastMs = born.lastMs;
      }
    }),
  );
});

test("an outage does not change when events are born", () => {
  const clock = new LaneClock({ startMs: 1_000, intervalMs: 10, backlogMax: 1_000 });
  clock.advance(1_000 + 5_000);
  expect(clock.backlog).toBe(501);
  expect(clock.peek(1)).toEqual({ count: 1, firstMs: 1_000, lastMs: 1_000 });
  expect(clock.peek(600)).toEqual({ count: 501, firstMs: 1_000, lastMs: 6_000 });
});

test("a full backlog turns events away, and births begin again below it, later", () => {
  const clock = new LaneClock({ startMs: 0, intervalMs: 1, backlogMax: 100 });
  clock.advance(999);
  expect([clock.backlog, clock.throttled]).toEqual([100, 900]);
  clock.take(10);
  clock.advance(1_099);
  expect([clock.backlog, clock.throttled]).toEqual([90, 1_000]);
  clock.take(50);
  clock.advance(1_199);
  clock.advance(1_209);
  expect([clock.backlog, clock.throttled]).toEqual([50, 1_100]);
  expect(clock.peek(100)).toEqual({ count: 40, firstMs: 60, lastMs: 99 });
  clock.take(40);
  expect(clock.peek(100)).toEqual({ count: 10, firstMs: 1_200, lastMs: 1_209 });
});

test("in steady state a batch goes when its first event has lingered, at once when it is full", () => {
  const clock = new LaneClock({ startMs: 100, intervalMs: 2, backlogMax: 100 });
  expect(clock.readyAtMs(5, 50, 0)).toBe(105);
  clock.advance(110);
  expect(clock.readyAtMs(5, 50, 110)).toBe(105);
  expect(clock.readyAtMs(500, 6, 110)).toBe(110);
});

test("events that were due while quiesced never come to be; those born before keep their times, those after it are due as if nothing had been", () => {
  const clock = new LaneClock({ startMs: 0, intervalMs: 10, backlogMax: 100 });
  clock.quiesce(25);
  clock.quiesce(30);
  expect(clock.readyAtMs(0, 1, 30)).toBe(Infinity);
  clock.advance(5_000);
  expect([clock.backlog, clock.throttled]).toEqual([3, 0]);
  clock.resume(10_005);
  expect([clock.backlog, clock.throttled]).toEqual([3, 0]);
  clock.advance(10_020);
  expect(clock.peek(100)).toEqual({ count: 3, firstMs: 0, lastMs: 20 });
  clock.take(3);
  expect(clock.peek(100)).toEqual({ count: 2, firstMs: 10_010, lastMs: 10_020 });
  expect(clock.throttled).toBe(0);
});

test("quiescing does not count what it leaves out as throttled, though the backlog is full", () => {
  const clock = new LaneClock({ startMs: 0, intervalMs: 1, backlogMax: 10 });
  clock.quiesce(99);
  expect([clock.backlog, clock.throttled]).toEqual([10, 90]);
  clock.resume(999);
  clock.take(10);
  clock.advance(1_000);
  expect([clock.backlog, clock.throttled]).toEqual([0, 91]);
  clock.advance(1_001);
  expect([clock.backlog, clock.throttled]).toEqual([1, 91]);
});

test("at full speed nothing is ready while quiesced", () => {
  const clock = new FullSpeed();
  clock.quiesce();
  expect(clock.readyAtMs(5, 50, 7)).toBe(Infinity);
  clock.resume();
  expect(clock.readyAtMs(5, 50, 7)).toBe(7);
});
