import fc from "fast-check";
import { expect, test } from "vitest";
import { rankTest, significant } from "./rank-test.ts";

test("p-values of the exact test, as tables of Mann and Whitney have them", () => {
  // U = 0: each of the one below each of the other.
  expect(rankTest([1, 2, 3], [4, 5, 6])).toEqual({ p: 2 / 20, least: 2 / 20 });
  expect(rankTest([1, 2, 3, 4], [5, 6, 7, 8])).toEqual({ p: 2 / 70, least: 2 / 70 });
  expect(rankTest([1, 2, 3, 5], [4, 6, 7, 8]).p).toBeCloseTo(4 / 70);
  expect(rankTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]).p).toBeCloseTo(2 / 252);
  expect(rankTest([1, 3, 5], [2, 4, 6]).p).toBeCloseTo(14 / 20);
});

test("ties and what never ended", () => {
  expect(rankTest([5, 5], [5, 5]).p).toBe(1);
  expect(rankTest([1, 2, 3, 4], [Infinity, Infinity, Infinity, Infinity])).toEqual({ p: 2 / 70, least: 2 / 70 });
  expect(rankTest([1], [2])).toEqual({ p: 1, least: 1 });
});

const numbers = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 9 });

test("it has no side, knows no unit, and is never below what is possible", () => {
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const { p, least } = rankTest(a, b);
      expect(rankTest(b, a).p).toBeCloseTo(p);
      expect(
        rankTest(
          a.map((value) => value * value * 7 + 1),
          b.map((value) => value * value * 7 + 1),
        ).p,
      ).toBeCloseTo(p);
      expect(p).toBeLessThanOrEqual(1);
      expect(p).toBeGreaterThanOrEqual(least / 2 - 1e-9);
    }),
  );
});

test("of samples of one distribution, at most one in twenty differs at 5 %", () => {
  // Every way to deal eight different values into two hands.
  const hands = Array.from({ length: 256 }, (_, mask) => mask).filter((mask) => bits(mask) === 4);
  const differ = hands.filter((mask) => {
    const [a, b] = [values(mask), values(~mask & 255)];
    return rankTest(a, b).p <= 0.05;
  });
  expect(differ).toHaveLength(2);
});

const bits = (mask: number): number => values(mask).length;
const values = (mask: number): number[] => [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (mask >> bit) & 1);

test("Holm: the least p-value must pass the strictest limit, and the first that fails ends it", () => {
  expect(significant([0.01, 0.02, 0.03], 0.05)).toEqual([true, true, true]);
  expect(significant([0.03, 0.01, 0.04], 0.05)).toEqual([false, true, false]);
  expect(significant([0.02, 0.02, 0.001], 0.05)).toEqual([true, true, true]);
  expect(significant([0.04, 0.001], 0.05)).toEqual([true, true]);
  expect(significant([], 0.05)).toEqual([]);
});
