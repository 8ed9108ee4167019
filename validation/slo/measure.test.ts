import { expect, test } from "vitest";
import { fault } from "../fixture/timed-run.ts";
import { faultIn, gapFigure, overlaps } from "./measure.ts";

test("a gap belongs to the fault that shares the most time with it, until its node was ready again", () => {
  const long = fault("kafka", 1000, 3000, { id: 1, readyMs: 5000 });
  const short = fault("driver", 4800, 5500, { id: 2 });
  expect(faultIn({ fromMs: 4500, toMs: 4900 }, [short, long])?.id).toBe(1);
  expect(faultIn({ fromMs: 4900, toMs: 5500 }, [short, long])?.id).toBe(2);
  expect(faultIn({ fromMs: 5500, toMs: 6000 }, [short, long])).toBeUndefined();
  expect(faultIn({ fromMs: 9000, toMs: 9001 }, [fault("kafka", 1000)])?.id).toBe(1);
});

test("a gap between two times of a millisecond each is known to a millisecond", () => {
  expect(gapFigure({ partition: 2, fromMs: 10.2, toMs: 30.4 }, [], "by the ledger")).toEqual({
    worst: 20,
    least: 19,
    error: "by the ledger, to 1 ms",
    what: "on partition 2",
  });
});

const spanOf = (fromMs: number, toMs: number) => ({ fromMs, toMs });

test("spans that only touch do not overlap", () => {
  expect(overlaps(spanOf(1, 2), spanOf(2, 3))).toBe(false);
  expect(overlaps(spanOf(2, 3), spanOf(1, 2))).toBe(false);
  expect(overlaps(spanOf(1, 3), spanOf(2, 4))).toBe(true);
});
