import { expect, test } from "vitest";
import { STUCK_AFTER_MS } from "../../contract/health.ts";
import { renderTimelineHead } from "./bundle.ts";
import { HEAT_FROM_MS } from "./client/chart/heat-levels.ts";

test("script and style sheet stand alone, and can stand within a page", async () => {
  const { js, css } = await renderTimelineHead();
  expect(js).toContain("mountTimeline");
  expect(js).not.toMatch(/<\/script/i);
  // Nothing is loaded from outside; a schema library would triple the size.
  expect(`${js}${css}`).not.toMatch(/https?:\/\/(?!www\.w3\.org)|@import|\bimport\(|fetch\(/);
  expect(js.length).toBeLessThan(120_000);
  expect(css).toContain(".fl-stack");
  expect(await renderTimelineHead()).toBe(await renderTimelineHead());
});

test("the strongest colour of the heat map is a stuck partition", () => {
  expect(HEAT_FROM_MS.at(-1)).toBe(STUCK_AFTER_MS);
});
