import { expect, test } from "vitest";
import { GroupMap } from "./group-map.ts";

/** As V8's, with a smaller limit. */
class SmallMap extends Map<number, string> {
  override set(key: number, value: string): this {
    if (this.size >= 3) throw new RangeError("Map maximum size exceeded");
    return super.set(key, value);
  }
}

test("holds more than one map may, in as few maps as that takes", () => {
  let maps = 0;
  const map = new GroupMap<number, string>(3, () => {
    maps += 1;
    return new SmallMap();
  });
  for (let key = 0; key < 10; key++) map.add(key, `${key}`);
  expect(map.size).toBe(10);
  expect([...map.entries()]).toEqual(Array.from({ length: 10 }, (_, key) => [key, `${key}`]));
  expect(maps).toBe(4);
  expect([map.get(0), map.get(9), map.get(10)]).toEqual(["0", "9", undefined]);
});
