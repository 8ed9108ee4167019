import fc from "fast-check";
import { expect, test } from "vitest";
import { effort } from "../fixture/effort.ts";
import { Bitmap, CountedBitmap, popCount, wordsOf } from "./bitmap.ts";

/** Bits of a page: one that is full takes no memory of its own. */
const PAGE = 65_536;

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
  fc.assert(
    fc.property(fc.nat(3 * PAGE), fc.nat(3 * PAGE), fc.array(fc.nat(4 * PAGE), { maxLength: 20 }), (a, b, cleared) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const bitmap = new Bitmap();
      bitmap.setRange(from, to);
      bitmap.setRange(Math.max(0, from - PAGE), to);
      const model = new Set(
        Array.from({ length: to - Math.max(0, from - PAGE) }, (_, at) => at + Math.max(0, from - PAGE)),
      );
      for (const index of cleared) {
        bitmap.clear(index);
        model.delete(index);
      }
      for (const copy of [bitmap, bitmap.clone()]) {
        expect(copy.count).toBe(from === to ? copy.count : model.size);
        for (const index of [...cleared, from, to, from - 1, to - 1, PAGE - 1, PAGE, 2 * PAGE])
          expect(copy.has(index), `${index}`).toBe(model.has(index));
        copy.setRange(0, 5 * PAGE);
        expect(copy.count).toBe(5 * PAGE);
      }
    }),
    effort(30),
  );
});

test.each<[string, (bitmap: Bitmap) => void]>([
  ["at once", (bitmap) => bitmap.setRange(PAGE, 2 * PAGE)],
  ["with its neighbours", (bitmap) => bitmap.setRange(PAGE - 1, 2 * PAGE + 1)],
  [
    "by two ranges that overlap",
    (bitmap) => {
      bitmap.setRange(PAGE + 20, 2 * PAGE);
      bitmap.setRange(PAGE, PAGE + 99);
    },
  ],
  [
    "one by one",
    (bitmap) => {
      bitmap.setRange(PAGE, 2 * PAGE - 2);
      for (const index of [2 * PAGE - 2, 2 * PAGE - 1]) bitmap.set(index);
    },
  ],
  [
    "again after it was not",
    (bitmap) => {
      bitmap.setRange(PAGE, 2 * PAGE);
      bitmap.clear(PAGE + 7);
      bitmap.set(PAGE + 7);
    },
  ],
])("a page that is filled %s is kept as full, and so is its copy", (_how, fill) => {
  const bitmap = new Bitmap();
  fill(bitmap);
  for (const packed of [bitmap.pack(), bitmap.clone().pack()]) expect(packed.pages).toContainEqual([1, "full"]);
});

test("a full page and its copies do not share what is cleared or set later", () => {
  const [one, other] = [new Bitmap(), new Bitmap()];
  for (const bitmap of [one, other]) bitmap.setRange(0, PAGE);
  const copy = one.clone();
  one.clear(5);
  expect([one, other, copy].map((bitmap) => [bitmap.has(5), bitmap.count])).toEqual([
    [false, PAGE - 1],
    [true, PAGE],
    [true, PAGE],
  ]);
  expect(one.pack().pages).toEqual([[0, expect.any(Uint32Array)]]);
  const clone = one.clone();
  clone.set(5);
  expect(one.has(5)).toBe(false);
});

test("a copy has each page, whichever is asked for first, and is kept as full when it becomes full", () => {
  for (const number of [0, 1, 2, 5]) {
    const bitmap = new Bitmap();
    bitmap.setRange(number * PAGE, (number + 1) * PAGE - 3);
    const copy = Bitmap.unpack(structuredClone(bitmap.pack()));
    expect(copy.has(number * PAGE + 7), `${number}`).toBe(true);
    for (let index = (number + 1) * PAGE - 3; index < (number + 1) * PAGE; index++) copy.set(index);
    expect(copy.pack()).toEqual({ pages: [[number, "full"]], count: PAGE });
  }
});

test("pages come in order, whatever was set first; a word is 32 bits of one", () => {
  const bitmap = new Bitmap();
  for (const index of [10 * PAGE + 33, 9 * PAGE, 2 * PAGE + 31, 0]) bitmap.set(index);
  expect(bitmap.pages).toEqual([0, 2, 9, 10]);
  const words = (PAGE / 32) * 10;
  expect([bitmap.word(words), bitmap.word(words + 1), bitmap.word(words + 2)]).toEqual([0, 2, 0]);
  expect([bitmap.word(0), bitmap.word(1), bitmap.word(PAGE / 32)]).toEqual([1, 0, 0]);
});

test("the words of several bitmaps are those of their pages, each once and in order", () => {
  const [one, other] = [new Bitmap(), new Bitmap()];
  for (const number of [10, 2]) one.set(number * PAGE);
  for (const number of [9, 2]) other.set(number * PAGE + 1);
  const perPage = PAGE / 32;
  const expected = [2, 9, 10].flatMap((number) => Array.from({ length: perPage }, (_, at) => number * perPage + at));
  expect([...wordsOf([one, other])]).toEqual(expected);
  expect([...wordsOf([new Bitmap()])]).toEqual([]);
});

test("copies are taken away from the last to the first, and never below none", () => {
  const counted = new CountedBitmap();
  for (let times = 0; times < 18; times++) counted.add(7);
  counted.add(8);
  for (let times = 17; times >= 0; times--) {
    counted.remove(7);
    expect([counted.timesOf(7), counted.total, counted.distinct]).toEqual([times, times + 1, times > 0 ? 2 : 1]);
    for (const least of [1, 2, 16]) expect(counted.atLeast(least).has(7), `${least}`).toBe(times >= least);
  }
  counted.remove(7);
  counted.remove(9);
  expect([counted.timesOf(7), counted.timesOf(9), counted.total, counted.distinct]).toEqual([0, 0, 1, 1]);
  expect(counted.atLeast(2).count).toBe(0);
});

test("copies of copies are of their own, beyond the levels as well", () => {
  const counted = new CountedBitmap();
  for (let times = 0; times < 20; times++) counted.add(7);
  const copy = CountedBitmap.unpack(structuredClone(counted.pack()));
  counted.add(7);
  copy.add(8);
  expect([counted.timesOf(7), copy.timesOf(7), counted.timesOf(8), copy.timesOf(8)]).toEqual([21, 20, 0, 1]);
  expect([new CountedBitmap().total, new CountedBitmap().distinct, new CountedBitmap().timesOf(0)]).toEqual([0, 0, 0]);
});

test("any number of copies is counted", () => {
  const counted = new CountedBitmap();
  for (let times = 1; times <= 200; times++) {
    expect(counted.add(7)).toBe(times === 1);
    expect([counted.timesOf(7), counted.total, counted.distinct]).toEqual([times, times, 1]);
  }
  const copy = CountedBitmap.unpack(counted.pack());
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
