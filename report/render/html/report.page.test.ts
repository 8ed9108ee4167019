import { mkdtemp, rm } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RUN_FILES } from "../../../contract/run.ts";
import { VERDICT } from "../../fixture/run-directory.ts";
import { axeFindings, TestBrowser, valueOf } from "../../page/fixture/browser.ts";
import { madeRun, SOME_FAULTS, writeMadeRun } from "../../page/fixture/made-run.ts";
import { writeReport } from "../report-files.ts";

/** Would run, load and send, if it were taken for markup. */
const HOSTILE = `</script><script>document.title = "owned"</script><img src="http://127.0.0.1:9/x" onerror="document.title = 'owned'">`;

let browser: TestBrowser;
let root: string;
let address: string;
let requests: string[];

beforeAll(async () => {
  browser = await TestBrowser.start();
  root = await mkdtemp(join(tmpdir(), "faultline-report-page-"));
  const faults = SOME_FAULTS.map((fault) => ({ ...fault, proof: HOSTILE }));
  const directory = join(root, "20261124T225617Z-payments");
  writeMadeRun(directory, madeRun({ seconds: 200, faults }));
  const verdict = { ...VERDICT, run_id: "20261124T225617Z-payments", reasons: [HOSTILE] };
  writeFileSync(join(directory, RUN_FILES.verdict), JSON.stringify(verdict));
  const { page } = await writeReport(directory);
  address = pathToFileURL(page).href;
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});
beforeEach(() => {
  requests = [];
  browser.problems.length = 0;
});

async function openReport(options: BrowserContextOptions = {}, hash = ""): Promise<Page> {
  const page = await browser.page(options);
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`${address}${hash}`);
  return page;
}

describe("report.html, opened from disk", () => {
  test.each([
    { colorScheme: "light", viewport: { width: 1280, height: 900 } },
    { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
    { colorScheme: "dark", viewport: { width: 360, height: 780 } },
  ] as const)("asks for nothing, breaks no rule of its policy, and can be read by everybody: %j", async (options) => {
    const page = await openReport(options);
    await page.locator("#timeline canvas").first().waitFor();
    expect(requests).toEqual([address]);
    expect(browser.problems).toEqual([]);
    expect(await page.title()).toBe("VALID: 20261124T225617Z-payments");
    expect(await valueOf<number>(page, "document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    expect(await axeFindings(page)).toEqual([]);
  });

  test("verdict, why and what is not proved are on the first screen", async () => {
    const page = await openReport();
    for (const text of ["VALID", "Why", "Not proved"])
      expect((await page.getByText(text, { exact: true }).first().boundingBox())?.y, text).toBeLessThan(400);
  });

  test("a fault opens by keyboard and by its address, and shows its proof as text", async () => {
    const page = await openReport();
    const id = await page.locator("details.fault").first().getAttribute("id");
    await page.locator(`#${id} > summary`).focus();
    await page.keyboard.press("Enter");
    expect(await page.locator(`#${id} .evidence`).innerText()).toContain(HOSTILE);
    const other = await openReport({}, `#${id}`);
    expect(await other.locator(`#${id}[open] .evidence`).isVisible()).toBe(true);
  });

  test("without scripts the time line is a picture", async () => {
    const page = await openReport({ javaScriptEnabled: false });
    expect(await page.locator("#timeline-still svg").isVisible()).toBe(true);
    expect(await page.locator("#timeline").isVisible()).toBe(false);
    expect(browser.problems).toEqual([]);
  });

  test("on paper the time line is a picture, and the evidence is open", async () => {
    const page = await openReport({ colorScheme: "dark" });
    await page.locator("#timeline canvas").first().waitFor();
    expect(await page.locator("#timeline-still").isVisible()).toBe(false);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#timeline-still").isVisible()).toBe(true);
    expect(await page.locator("#timeline").isVisible()).toBe(false);
    expect(await valueOf<string>(page, "getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    await page.evaluate('dispatchEvent(new Event("beforeprint"))');
    expect(await page.locator(".fault .evidence").first().isVisible()).toBe(true);
    await page.evaluate('dispatchEvent(new Event("afterprint"))');
    expect(await page.locator(".fault[open]").count()).toBe(0);
  });
});
