import { expect, test } from "vitest";
import { judgeValidate } from "./validate-result.ts";

const row = (id: string, ...eventsPerSecond: number[]) => ({ id, title: id, eventsPerSecond, peakMb: null });

test("the validator is held against the slower of the plain readings, by medians", () => {
  const rows = [row("plain-log", 900, 1000, 5000), row("plain-copy", 400, 600), row("comparing", 100, 240, 300)];
  expect(judgeValidate(rows)).toEqual([
    { name: "comparing / the slower plain reading", wanted: 0.5, measured: 0.48, met: false },
    { name: "comparing, events/s", wanted: 300_000, measured: 240, met: false },
  ]);
});
