import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { median, warmRate } from "./warm-rate.ts";

describe("warmRate", () => {
  it("leaves out the first 30 %", () => {
    const samples = [
      { atMs: 0, rows: 0 },
      { atMs: 10_000, rows: 100 },
      { atMs: 20_000, rows: 300 },
      { atMs: 21_000, rows: 600 },
      { atMs: 22_000, rows: 1_000 },
      { atMs: 30_000, rows: 1_000 },
    ];
    expect(warmRate(samples, 1_000)).toBe(350);
  });
  it("counts what a last sample has beyond the total", () => {
    expect(
      warmRate(
        [
          { atMs: 0, rows: 30 },
          { atMs: 1_000, rows: 130 },
        ],
        100,
      ),
    ).toBe(100);
  });
  it("is null when the drain did not end, or was over at once", () => {
    expect(warmRate([{ atMs: 0, rows: 50 }], 100)).toBeNull();
    expect(warmRate([{ atMs: 5, rows: 100 }], 100)).toBeNull();
    expect(warmRate([], 100)).toBeNull();
  });
  it("finds a steady rate whatever the moments of the samples are", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 10, maxLength: 100 }),
        fc.integer({ min: 1, max: 1_000 }),
        (gaps, perMs) => {
          let atMs = 0;
          const samples = [0, ...gaps].map((gap) => ({ atMs: (atMs += gap), rows: atMs * perMs }));
          const rate = warmRate(samples, atMs * perMs);
          fc.pre(rate !== null);
          expect(rate).toBeCloseTo(perMs * 1_000, 6);
        },
      ),
    );
  });
});

describe("median", () => {
  it("is the middle one, or the mean of the middle two, in any order", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});
