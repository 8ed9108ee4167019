import fc from "fast-check";
import { expect, test } from "vitest";
import { Bitmap, CountedBitmap, popCount } from "./bitmap.ts";

test("a bitmap is a set", () => {
  const step = fc.tuple(fc.constantFrom("set", "clear", "range"), fc.nat(300), fc.nat(100));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const bitmap = new Bitmap();
      const model = new Set<number>();
      for (const [what, at, length] of steps) {
        if (what === "set") expect(bitmap.set(at)).toBe(!model.has(at));
        if (what === "set") model.add(at);
        if (what === "clear") bitmap.clear(at);
        if (what === "clear") model.delete(at);
        if (what === "range") bitmap.setRange(at, at + length);
        if (what === "range") for (let index = at; index < at + length; index++) model.add(index);
      }
      expect(bitmap.count).toBe(model.size);
      for (let index = 0; index < 420; index++) expect(bitmap.has(index)).toBe(model.has(index));
    }),
  );
});

test("a counted bitmap is a multiset", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (added) => {
      const counted = new CountedBitmap();
      for (const [index, item] of added.entries()) expect(counted.add(item)).toBe(added.indexOf(item) === index);
      expect(counted.total).toBe(added.length);
      expect(counted.distinct).toBe(new Set(added).size);
      for (let item = 0; item <= 20; item++)
        expect(counted.timesOf(item)).toBe(added.filter((other) => other === item).length);
    }),
  );
});

test("an index that is no safe integer is in none, and can't be put in", () => {
  const bitmap = new Bitmap();
  const counted = new CountedBitmap();
  bitmap.setRange(0, 64);
  for (let index = 0; index < 64; index++) counted.add(index);
  for (const index of [2 ** 53, -1, -(2 ** 32), 5 - 2 ** 32, 0.5, Number.NaN, Infinity]) {
    expect(bitmap.has(index), `${index}`).toBe(false);
    expect(counted.timesOf(index), `${index}`).toBe(0);
    expect(() => bitmap.set(index), `${index}`).toThrow(RangeError);
  }
  expect(() => bitmap.setRange(2 ** 53 - 2, 2 ** 53 + 64)).toThrow(RangeError);
  expect(bitmap.count).toBe(64);
});

test("any safe integer is one of its own, and costs one page", () => {
  const bitmap = new Bitmap();
  const indexes = [0, 5, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 5, 2 ** 40 - 1, 2 ** 40 + 5, 2 ** 53 - 1];
  for (const [at, index] of indexes.entries()) {
    for (const later of indexes.slice(at)) expect(bitmap.has(later), `${later}`).toBe(false);
    expect(bitmap.set(index)).toBe(true);
    expect(bitmap.set(index)).toBe(false);
  }
  expect(bitmap.pages.length).toBeLessThanOrEqual(indexes.length);
  for (const index of indexes) {
    bitmap.clear(index);
    expect(bitmap.has(index)).toBe(false);
  }
  expect(bitmap.count).toBe(0);
});

test("pages that become full, and full pages that do not stay so, are counted and packed", () => {
  const page = 65_536;
  fc.assert(
    fc.property(fc.nat(3 * page), fc.nat(3 * page), fc.array(fc.nat(4 * page), { maxLength: 20 }), (a, b, cleared) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const bitmap = new Bitmap();
      bitmap.setRange(from, to);
      bitmap.setRange(Math.max(0, from - page), to);
      const model = new Set(
        Array.from({ length: to - Math.max(0, from - page) }, (_, at) => at + Math.max(0, from - page)),
      );
      for (const index of cleared) {
        bitmap.clear(index);
        model.delete(index);
      }
      for (const copy of [bitmap, bitmap.clone()]) {
        expect(copy.count).toBe(from === to ? copy.count : model.size);
        for (const index of [...cleared, from, to, from - 1, to - 1, page - 1, page, 2 * page])
          expect(copy.has(index), `${index}`).toBe(model.has(index));
        copy.setRange(0, 5 * page);
        expect(copy.count).toBe(5 * page);
      }
    }),
    { numRuns: 30 },
  );
});

test("any number of copies is counted", () => {
  const counted = new CountedBitmap();
  for (let times = 1; times <= 200; times++) {
    expect(counted.add(7)).toBe(times === 1);
    expect([counted.timesOf(7), counted.total, counted.distinct]).toEqual([times, times, 1]);
  }
  const copy = counted.clone();
  for (let times = 199; times >= 0; times--) {
    counted.remove(7);
    expect([counted.timesOf(7), counted.total]).toEqual([times, times]);
  }
  expect(copy.timesOf(7)).toBe(200);
});

test("counts bits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (word) => {
      expect(popCount(word)).toBe(word.toString(2).replaceAll("0", "").length);
    }),
  );
});
