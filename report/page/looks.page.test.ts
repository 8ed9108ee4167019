import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { timelineOf } from "../timeline/builder.ts";
import { thin } from "../timeline/thin.ts";
import { renderTimelineHead } from "./bundle.ts";
import { axeFindings, TestBrowser, valueOf } from "./fixture/browser.ts";
import { madeRun, writeMadeRun } from "./fixture/made-run.ts";
import { WatchProcess } from "./fixture/watch-process.ts";

let browser: TestBrowser;
beforeAll(async () => {
  browser = await TestBrowser.start();
});
afterAll(() => browser[Symbol.asyncDispose]());

describe("axe finds nothing", () => {
  let directory: string;
  let watch: WatchProcess;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "faultline-page-"));
    writeMadeRun(directory, madeRun({ seconds: 200, gaps: [[140, 146]] }));
    watch = await WatchProcess.start(directory);
  });
  afterAll(async () => {
    await watch.end("SIGKILL");
    rmSync(directory, { recursive: true });
  });

  test.each([
    ["dark", 1_440],
    ["light", 1_440],
    ["dark", 360],
    ["light", 360],
  ] as const)("%s, %i px wide, with and without a fault's evidence", async (colorScheme, width) => {
    const page = await browser.page({ colorScheme, viewport: { width, height: 800 } });
    await page.goto(watch.url);
    await page.locator("#open-3").waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.locator("#open-3").click();
    await page.locator(".evidence h3", { hasText: "lines of the journal" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    // Nothing is wider than the window, so that nothing scrolls sideways but the table.
    expect(await valueOf<number>(page, "document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    expect(browser.problems).toEqual([]);
  });

  test("the switch changes the colours of the canvas, too, and is remembered", async () => {
    const page = await browser.page({ colorScheme: "dark" });
    await page.goto(watch.url);
    await page.locator("#open-3").waitFor();
    const corner = `document.querySelector(".fl-plot canvas").getContext("2d").getImageData(60, 60, 1, 1).data.slice(0, 3).join()`;
    const dark = await valueOf<string>(page, corner);
    await page.getByRole("button", { name: "light" }).click();
    await expect.poll(() => valueOf<string>(page, corner)).not.toBe(dark);
    await page.reload();
    await expect.poll(() => page.getByRole("button", { name: "light" }).getAttribute("aria-pressed")).toBe("true");
  });
});

describe("a day of samples", () => {
  const day = madeRun({ seconds: 86_400, partitions: 6 });

  test("paints in under a second, in a report of one file", async () => {
    const { js, css } = await renderTimelineHead();
    const page = await browser.page();
    const timeline = timelineOf(day.samples, day.records);
    await page.setContent(`<!doctype html><style>${css}</style><div id="run"></div><script>${js}</script>`);
    // The best of three: the machine may have other work, and the page has only its own.
    const took = async (name: string, data: unknown): Promise<number> => {
      await page.evaluate((value) => Object.assign(globalThis, { data: value }), data);
      const times: number[] = [];
      for (let round = 0; round < 3; round++)
        times.push(
          await valueOf<number>(
            page,
            `new Promise((resolve) => {
              const run = document.querySelector("#run");
              run.replaceChildren();
              const begun = performance.now();
              Faultline.mountTimeline(run, data);
              requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
            })`,
          ),
        );
      process.stdout.write(`  ${name}: painted after ${times.map(Math.round).join(", ")} ms\n`);
      return Math.min(...times);
    };
    expect(timeline.at_ms).toHaveLength(86_400);
    expect(await took("86,400 samples", timeline)).toBeLessThan(1_000);
    expect(await took("the same, thinned before", thin(timeline))).toBeLessThan(1_000);
    expect(browser.problems).toEqual([]);
  });

  test("comes whole to the live page, and each redraw takes less than a second", async () => {
    const directory = mkdtempSync(join(tmpdir(), "faultline-page-"));
    writeMadeRun(directory, day);
    const watch = await WatchProcess.start(directory);
    try {
      const page = await browser.page();
      const begunMs = performance.now();
      await page.goto(watch.url);
      await expect
        .poll(() => valueOf<number>(page, "Faultline.model.received"), { timeout: 50_000, interval: 250 })
        .toBe(86_400);
      const ms = Math.round(performance.now() - begunMs);
      const redraw = await valueOf<number>(
        page,
        `new Promise((resolve) => {
          const begun = performance.now();
          document.querySelector(".choices button:nth-child(2)").click();
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
        })`,
      );
      process.stdout.write(`  a day of samples from the server: ${ms} ms; redraw ${Math.round(redraw)} ms\n`);
      expect(redraw).toBeLessThan(1_000);
    } finally {
      await watch.end("SIGKILL");
      rmSync(directory, { recursive: true });
    }
  });
});
