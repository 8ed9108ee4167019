import { expect, test } from "vitest";
import { GroupMap } from "./group-map.ts";

test("holds more than one map may", () => {
  const map = new GroupMap<number, string>(3);
  for (let key = 0; key < 10; key++) map.add(key, `${key}`);
  expect(map.size).toBe(10);
  expect([...map.entries()]).toEqual(Array.from({ length: 10 }, (_, key) => [key, `${key}`]));
  expect([map.get(0), map.get(9), map.get(10)]).toEqual(["0", "9", undefined]);
});
