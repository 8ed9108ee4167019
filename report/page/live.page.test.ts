import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { encodeLog } from "../../contract/log-line.ts";
import { RUN_FILES } from "../../contract/run.ts";
import { encodeSample, type Sample } from "../../contract/sample.ts";
import { TestBrowser, valueOf } from "./fixture/browser.ts";
import { madeRun, type MadeRun, madeVerdict, SOME_FAULTS, writeMadeRun } from "./fixture/made-run.ts";
import { WatchProcess } from "./fixture/watch-process.ts";

let browser: TestBrowser;
let directory: string;
let watch: WatchProcess;
beforeAll(async () => {
  browser = await TestBrowser.start();
});
afterAll(() => browser[Symbol.asyncDispose]());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-page-"));
});
afterEach(async () => {
  await watch.end("SIGKILL");
  rmSync(directory, { recursive: true });
});

const text = async (page: Page, selector: string): Promise<string> => page.locator(selector).innerText();
const timesOf = async (page: Page): Promise<number[]> => valueOf(page, "Faultline.model.timeline().at_ms");

/** The files' last times are so far ahead of the clock, so that they are still fresh when the server has started. */
const AHEAD_MS = 20_000;

/** How much redder than grey a colour "r,g,b" is. */
function redness(color = ""): number {
  const [red = 0, green = 0, blue = 0] = color.split(",").map(Number);
  return red - (green + blue) / 2;
}

/** The first samples of a run whose engine is still at work; the rest is for the test to append. */
function writeBegun(made: MadeRun, samples: number): void {
  writeMadeRun(directory, { ...made, samples: made.samples.slice(0, samples) });
}

describe("a run that goes on", () => {
  test("the server is killed in mid-stream and comes back: no sample is missing, none comes twice, and the page says so", async () => {
    const seconds = 60;
    const made = madeRun({
      seconds,
      isLive: true,
      baseMs: Date.now() - seconds * 1_000,
      faults: SOME_FAULTS.slice(0, 2),
    });
    writeBegun(made, 10);
    watch = await WatchProcess.start(directory);
    const page = await browser.page();
    await page.goto(watch.url);
    await page.locator(".connection.is-up").waitFor();
    const samples = join(directory, RUN_FILES.samples);
    for (const [index, sample] of made.samples.slice(10).entries()) {
      const line = encodeSample(sample);
      // In mid-line, in mid-stream.
      appendFileSync(samples, line.slice(0, 50));
      if (index === 15) {
        await watch.end("SIGKILL");
        await page.locator(".connection.is-lost", { hasText: /^disconnected for / }).waitFor();
      }
      appendFileSync(samples, line.slice(50));
      if (index === 25) {
        watch = await WatchProcess.start(directory, watch.port);
        await page.locator(".connection.is-up").waitFor();
      }
      if (index % 5 === 0) await page.waitForTimeout(60);
    }
    await expect.poll(() => timesOf(page), { timeout: 15_000 }).toHaveLength(made.samples.length);
    expect(await timesOf(page)).toEqual(made.samples.map(({ at_ms }) => at_ms));
    expect(await valueOf(page, "Faultline.model.received")).toBe(made.samples.length);
    expect(browser.problems).toEqual([]);
  });

  test("a fault shows while it is active; the time since the last sample is a gap", async () => {
    const [first] = SOME_FAULTS;
    const made = madeRun({
      seconds: 20,
      isLive: true,
      baseMs: Date.now() - 20_000 + AHEAD_MS,
      faults: first === undefined ? [] : [first],
    });
    writeBegun(made, 20);
    watch = await WatchProcess.start(directory);
    const page = await browser.page();
    await page.goto(watch.url);
    await page.locator(".state b", { hasText: "FAULT" }).waitFor();
    expect(await text(page, ".state span")).toBe("1: pause spark-worker-2");
    // No more samples: a gap grows, and no line goes on.
    await page.locator(".state b", { hasText: "NO SAMPLES" }).waitFor({ timeout: 40_000 });
    const last = made.samples.at(-1)?.at_ms;
    expect(await valueOf(page, "Faultline.model.timeline().gaps.at(-1)[0]")).toBe(last);
  });

  test("partitions that are stuck show with their reason, and the verdict when there is one", async () => {
    const made = madeRun({ seconds: 30, isLive: true, baseMs: Date.now() - 30_000 + AHEAD_MS, faults: [] });
    writeBegun(made, 30);
    const stuck = {
      partition: 3,
      state: "stuck",
      next_offset: 5,
      log_end: 9,
      unstored_age_ms: 41_000,
      standstill_ms: 41_000,
    };
    const health = {
      version: 1,
      at_ms: Date.now() + AHEAD_MS,
      partitions: [{ ...stuck, reason: "<b>no space</b> left" }],
    };
    writeFileSync(join(directory, RUN_FILES.health), JSON.stringify(health));
    watch = await WatchProcess.start(directory);
    const page = await browser.page();
    await page.goto(watch.url);
    await page.locator(".stuck").waitFor();
    expect(await text(page, ".stuck li")).toBe("partition 3 stuck for 41 s: <b>no space</b> left");
    expect(await text(page, ".state")).toBe("STUCK\npartition 3");
    writeFileSync(join(directory, RUN_FILES.verdict), JSON.stringify(madeVerdict()));
    await page.locator(".state b", { hasText: "VALID" }).waitFor();
    const figures = await page.locator(".figure").allInnerTexts();
    expect(figures.map((figure) => figure.replace("\n", " "))).toEqual(
      expect.arrayContaining(["under load 7", "recovered 6"]),
    );
  });
});

describe("a run that is over", () => {
  const made = madeRun({ seconds: 200, gaps: [[140, 146]] });
  let page: Page;
  beforeEach(async () => {
    writeMadeRun(directory, made);
    watch = await WatchProcess.start(directory);
    page = await browser.page();
    await page.goto(watch.url);
    await page.locator(".faults tbody tr").nth(7).waitFor();
  });

  test("the address bar forgets the token, and Ctrl-C ends the server in order", async () => {
    expect(page.url()).toBe(`http://127.0.0.1:${watch.port}/`);
    expect(await watch.end("SIGINT")).toBe(0);
  });

  test("bands stand where the journal says, in every panel", async () => {
    // The x of a time, from the plot's own scale; and what the canvas has there, just above the bottom line.
    const read = (): Promise<string[][]> =>
      valueOf<string[][]>(
        page,
        `(() => {
        const startMs = Faultline.model.timeline().start_ms;
        const [from, to] = [${made.samples[0]?.at_ms}, ${made.samples.at(-1)?.at_ms}];
        return [...document.querySelectorAll(".fl-plot canvas")].map((canvas) => {
          const over = canvas.parentElement.querySelector(".u-over").getBoundingClientRect();
          const box = canvas.getBoundingClientRect();
          const ratio = canvas.width / box.width;
          const margin = (to - startMs) * 0.01;
          return ${JSON.stringify(made.records.filter(({ t }) => t === "active").map(({ at_ms }) => at_ms))}.flatMap((activeMs) =>
            [-1200, 600].map((shift) => {
              const share = (activeMs + shift - startMs + margin) / (to - startMs + 2 * margin);
              const x = (over.left - box.left + share * over.width) * ratio;
              const y = (over.top - box.top + 1.5) * ratio;
              return canvas.getContext("2d").getImageData(Math.round(x), Math.round(y), 1, 1).data.slice(0, 3).join();
            }));
        });
      })()`,
      );
    // The samples come in several pieces, and a plot is drawn in the frame after its last one.
    await vi.waitFor(
      async () => {
        const colors = await read();
        expect(colors).toHaveLength(7);
        for (const panel of colors)
          for (const [index, { effective = true }] of SOME_FAULTS.entries()) {
            const [before, during] = [redness(panel[2 * index]), redness(panel[2 * index + 1])];
            if (effective) expect(during - before, `fault ${index + 1}: ${panel.join(" ")}`).toBeGreaterThan(15);
            else expect(Math.abs(during - before), `fault ${index + 1}: ${panel.join(" ")}`).toBeLessThan(12);
          }
      },
      { timeout: 15_000, interval: 100 },
    );
    const marks = await page.locator(".fl-mark").allInnerTexts();
    expect(marks.map((mark) => mark.split(" ")[0])).toEqual(SOME_FAULTS.map((_, index) => `${index + 1}`));
  });

  test("hostile text in proofs and in a log stays text", async () => {
    const hostile = `<img src=x onerror="document.title='owned'"></script><script>document.title='owned'</script>`;
    const faults = SOME_FAULTS.map((fault, index) => (index === 1 ? { ...fault, proof: hostile } : fault));
    const other = madeRun({ seconds: 200, faults });
    writeFileSync(join(directory, RUN_FILES.journal), encodeLog(other.records));
    const stamp = new Date(made.baseMs + 37_000).toISOString();
    writeFileSync(join(directory, "logs/postgres.log"), `${stamp} ${hostile}\n`);
    const fresh = await browser.page();
    await fresh.goto(watch.url);
    await fresh.locator("#open-2").click();
    const evidence = fresh.locator(".evidence");
    await evidence.locator("h3", { hasText: "lines of the journal" }).waitFor();
    expect(await evidence.locator(".proof").first().innerText()).toBe(hostile);
    expect(await evidence.locator("pre", { hasText: stamp }).first().innerText()).toContain(hostile);
    expect(await evidence.locator("img, script").count()).toBe(0);
    expect(await fresh.title()).not.toContain("owned");
  });

  test("the keyboard reaches everything: cursor, fault, evidence, and back", async () => {
    await page.locator(".fl-stack").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("f");
    expect(await text(page, ".fl-spoken[aria-live]")).toMatch(
      /^\+0:1[78], fault 1: pause spark-worker-2, Enter opens it, .*stored/,
    );
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    const panel = page.getByRole("dialog", { name: "Fault 2: kill postgres" });
    await panel.waitFor();
    expect(await valueOf(page, "document.activeElement.getAttribute('aria-label')")).toBe("Close (Escape)");
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    // Back to where a keyboard goes on: the fault's own row.
    expect(await valueOf(page, "document.activeElement.id")).toBe("open-2");
    await page.keyboard.press("Tab");
    expect(await valueOf(page, "document.activeElement.id")).toBe("open-3");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Fault 3: stop kafka-3" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".fl-stack").focus();
    await page.keyboard.press("ArrowLeft");
    const here = await text(page, ".fl-cursor-time");
    await page.keyboard.press("ArrowRight");
    expect(await text(page, ".fl-cursor-time")).not.toBe(here);
  });

  test("one cursor for all panels; a drag zooms all of them, and a double click takes it back", async () => {
    const plots = page.locator(".fl-plot .u-over");
    const box = await plots.nth(3).boundingBox();
    if (box === null) throw new Error("no plot");
    await page.mouse.move(box.x + 300, box.y + 20);
    const lefts = await valueOf<number[]>(
      page,
      `[...document.querySelectorAll(".fl-plot .u-cursor-x")].map((line) => Math.round(line.getBoundingClientRect().left))`,
    );
    expect(lefts).toHaveLength(7);
    expect(new Set(lefts).size).toBe(1);
    const markLeft = async () => (await page.locator(".fl-mark", { hasText: /^4\b/ }).boundingBox())?.x ?? 0;
    const before = await markLeft();
    await page.mouse.down();
    await page.mouse.move(box.x + 450, box.y + 20, { steps: 5 });
    // A sample comes in mid-drag.
    const last = made.samples.at(-1) as Sample;
    appendFileSync(join(directory, RUN_FILES.samples), encodeSample({ ...last, at_ms: last.at_ms + 1_000 }));
    const received = () => valueOf<number>(page, "Faultline.model.received");
    await expect.poll(received, { timeout: 10_000 }).toBe(made.samples.length + 1);
    await page.mouse.move(box.x + 600, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await expect.poll(markLeft).not.toBe(before);
    await page.mouse.dblclick(box.x + 300, box.y + 20);
    // A second more is shown now.
    await expect.poll(async () => Math.abs((await markLeft()) - before)).toBeLessThan(10);
  });
});
