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

test("a key that another begins with is another, also in the same slot", () => {
  for (let short = 0; short < 100; short++)
    for (let more = 0; more < 100; more++) {
      const recent = new RecentGroups<string>([0]);
      const long = eventOf([`${short}${more}`]);
      recent.get(long);
      recent.keep(long, "long");
      expect(recent.get(eventOf([`${short}`]))).toBeUndefined();
      expect(recent.get(eventOf([`${short}${more}0`]))).toBeUndefined();
      expect(recent.get(long)).toBe("long");
    }
});
