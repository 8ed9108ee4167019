import fc from "fast-check";
import { expect, test } from "vitest";
import { eventOf } from "./event-values.ts";
import { RecentGroups } from "./recent-groups.ts";

test("gives the group of these very fields, or none", () => {
  const key = fc.tuple(fc.constantFrom("1", "12", "2", '"a"', '"a,"'), fc.constantFrom("1", "23", "3", '"b"', '""'));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 60 }), (keys) => {
      const recent = new RecentGroups<string>([0, 2]);
      for (const [first, second] of keys) {
        const event = eventOf([first, '"not of the key"', second]);
        const found = recent.get(event);
        if (found !== undefined) expect(found).toBe(`${first} ${second}`);
        else recent.keep(event, `${first} ${second}`);
        expect(recent.get(event)).toBe(`${first} ${second}`);
      }
      recent.clear();
      for (const [first, second] of keys) expect(recent.get(eventOf([first, "0", second]))).toBeUndefined();
    }),
  );
});
