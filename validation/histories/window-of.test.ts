import fc from "fast-check";
import { expect, test } from "vitest";
import { eventOf } from "./event-values.ts";
import { WindowOf } from "./window-of.ts";

const near = fc.tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 200_000 }));

test.each([1000, 15_000, 60_000, 900_000, 3_600_000])("windows of %i ms, whatever came before", (windowMs) => {
  fc.assert(
    fc.property(fc.array(near, { minLength: 1, maxLength: 30 }), fc.boolean(), (times, isSpelledShort) => {
      const window = new WindowOf(1, windowMs);
      for (const [hours, ms] of times) {
        const atMs = Date.UTC(2026, 6, 1) + hours * 3_600_000 + ms;
        const iso = new Date(atMs).toISOString();
        const text = isSpelledShort ? iso.replace(".000Z", "Z").replace("Z", "+00:00") : iso;
        expect(window.startMs(eventOf(["1", JSON.stringify(text)]))).toBe(Math.floor(atMs / windowMs) * windowMs);
      }
    }),
  );
});

test.each([
  ["another zone, then UTC", "2026-07-01T12:34:56.789+02:00", "2026-07-01T12:34:56.789Z"],
  ["UTC, then another zone", "2026-07-01T12:34:56.789Z", "2026-07-01T12:34:56.789+02:00"],
  ["another zone, then one more", "2026-07-01T12:34:56.789+02:00", "2026-07-01T12:34:56.789+01:00"],
  ["a minute, then another of the same hour", "2026-07-01T12:34:56.789Z", "2026-07-01T12:35:56.789Z"],
  ["a minute, then that of another year", "2026-07-01T12:34:56.789Z", "2025-07-01T12:34:56.789Z"],
])("the same window only for the same minute: %s", (_name, ...times) => {
  const window = new WindowOf(1, 60_000);
  for (const text of times)
    expect(window.startMs(eventOf(["1", `"${text}"`, "2"]))).toBe(Math.floor(Date.parse(text) / 60_000) * 60_000);
});
