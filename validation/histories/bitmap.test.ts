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
      for (let item = 0; item <= 20; item++) expect(counted.timesOf(item)).toBe(added.filter((other) => other === item).length);
    }),
  );
});

test("counts bits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (word) => {
      expect(popCount(word)).toBe(word.toString(2).replaceAll("0", "").length);
    }),
  );
});
