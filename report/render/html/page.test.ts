import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeLog } from "../../../contract/log-line.ts";
import { RUN_FILES } from "../../../contract/run.ts";
import { madeRun, writeMadeRun } from "../../page/fixture/made-run.ts";
import { fault, journal } from "../../fixture/recovery.ts";
import { BASE_MS, commitLines, RUN, RUN_ID, VERDICT, writeRunDirectory } from "../../fixture/run-directory.ts";
import { all, type Element, parseWellFormed, textOf } from "../../fixture/well-formed.ts";
import { readRunView } from "../../view/read-view.ts";
import { writeReport } from "../report-files.ts";
import { jsonMarkup, markup } from "./markup.ts";
import { renderPage } from "./page.ts";

let root: string;
let directory: string;
const path = (file: keyof typeof RUN_FILES): string => join(directory, RUN_FILES[file]);
const page = async (): Promise<string> => renderPage(await readRunView(directory));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "faultline-page-"));
  directory = join(root, RUN_ID);
  await writeRunDirectory(directory);
});
afterEach(() => rm(root, { recursive: true }));

/** The section under a heading. */
function section(document: Element, title: string): string {
  const found = all(document, "section").find((each) => all(each, "h2").some((heading) => textOf(heading) === title));
  if (found === undefined) throw new Error(`no section ${title}`);
  return textOf(found);
}

const HOSTILE = `</script><script>alert(1)</script><img src="http://evil.example/x" onerror='alert(2)'> & \u2028 \u0000 ]]> <!-- `;

describe("one file that asks for nothing", () => {
  test("its policy allows its own script and style sheet by their hashes, and nothing else", async () => {
    const text = await page();
    const document = parseWellFormed(text);
    const policy = all(document, "meta").find(
      ({ attributes }) => attributes["http-equiv"] === "Content-Security-Policy",
    );
    const hash = (name: string): string => {
      const found = all(document, name).find(({ attributes }) => attributes["type"] === undefined);
      return `'sha256-${createHash("sha256")
        .update(found?.text ?? "")
        .digest("base64")}'`;
    };
    expect(policy?.attributes["content"]).toBe(
      `default-src 'none'; style-src ${hash("style")}; script-src ${hash("script")}; base-uri 'none'; form-action 'none'`,
    );
    // No element may ask for anything, and no attribute may hold what the policy forbids.
    const attributes = all(document, "body")
      .concat(all(document, "head"))
      .flatMap((part) => everything(part));
    expect(attributes.filter(([name]) => /^(?:src|srcset|style|on.*|data|action|poster|ping)$/i.test(name))).toEqual(
      [],
    );
    expect(attributes.filter(([name, value]) => name === "href" && !value.startsWith("#"))).toEqual([]);
    expect(text.replaceAll("http://www.w3.org/", "")).not.toMatch(/https?:\/\/|url\(|@import/);
  });

  test("a long run is below 600 kB", async () => {
    writeMadeRun(directory, madeRun({ seconds: 7_200, partitions: 12 }));
    await unlink(path("ledger"));
    await writeReport(directory);
    expect((await stat(path("reportPage"))).size).toBeLessThan(600_000);
  });

  test("so is one with hundreds of faults: the longest recoveries keep evidence and phases, the others say where it is", async () => {
    const faults = Array.from({ length: 240 }, (_, index) => ({
      kind: "kill" as const,
      node: `kafka-${(index % 3) + 1}`,
      nodeKind: "kafka" as const,
      at: 20 + 15 * index,
      hold: 4 + (index % 3),
      standstill: 6,
      proof:
        "1 process gone after 61 ms (container 0123456789ab); kafka-1 is down; client kafka-1:9092 fails (ENOTFOUND)",
    }));
    writeMadeRun(directory, madeRun({ seconds: 3_700, partitions: 6, faults }));
    await unlink(path("ledger"));
    await writeReport(directory);
    expect((await stat(path("reportPage"))).size).toBeLessThan(600_000);
    const text = await readFile(path("reportPage"), "utf8");
    expect(text.match(/<details class="fault"/g)).toHaveLength(240);
    expect(text.match(/Phases of fault \d+<|Phases of fault \d+\n/g)?.length).toBeGreaterThanOrEqual(20);
    expect(text).toContain("./faultline report RUN --json");
  });

  test("is written beside report.md, and says the same verdict", async () => {
    await writeReport(directory);
    const document = parseWellFormed(await readFile(path("reportPage"), "utf8"));
    expect(all(document, "h1").map(textOf)).toEqual(["VALID"]);
    expect(
      all(document, "head")
        .flatMap((head) => all(head, "title"))
        .map(textOf),
    ).toEqual([`VALID: ${RUN_ID}`]);
  });
});

function everything(element: Element): [string, string][] {
  return [...Object.entries(element.attributes), ...element.children.flatMap(everything)];
}

describe("what it says", () => {
  test("verdict, why and what is not proved come before everything else", async () => {
    const reasons = ["without_rows_ms: 31,000 is more than 20,000"];
    await writeFile(
      path("verdict"),
      JSON.stringify({ ...VERDICT, verdict: "SLO_BREACH", reasons, waived: ["no fault was required"] }),
    );
    const document = parseWellFormed(await page());
    const [header] = all(document, "header");
    if (header === undefined) throw new Error("no header");
    expect(textOf(header)).toMatch(
      /SLO_BREACH.*the pipeline was slower.*Why.*31,000 is more.*no fault was required.*Not proved.*that fsync works.*1 do not hold/,
    );
    const headings = all(document, "h2").map(textOf);
    expect(headings).toEqual([
      "Why",
      "Not proved",
      "Time line",
      "Faults",
      "Anomalies",
      "Service levels",
      "Throughput and latency",
      "Last runs",
      "Premises",
      "What was run",
      "Repeat it",
    ]);
  });

  test("a fault's row opens its evidence", async () => {
    await writeFile(path("commits"), commitLines());
    const document = parseWellFormed(await page());
    const details = all(document, "details").find(({ attributes }) => attributes["id"] === "fault-0");
    if (details === undefined) throw new Error("no fault");
    const [summary] = all(details, "summary").map(textOf);
    expect(summary).toMatch(/kill .*kafka-2 .*yes .*4\.335 s .*4\.335 s .*4\.418 s/);
    expect(textOf(details)).toMatch(/its process 4711 is gone.*release the hold test-0.*its process 4712 runs/);
    expect(textOf(details)).toContain("no rows for 4.335 s commits");
    expect(textOf(details)).toContain("Work was under way yes");
  });

  test("an anomaly names the hop and the faults of its time", async () => {
    expect(section(parseWellFormed(await page()), "Anomalies")).toContain("producer → Kafka, during #0");
  });

  test("earlier runs of the same pipeline are pictures with a text", async () => {
    for (const [id, pipeline] of [
      ["20231113T000000Z-payments"],
      ["20231113T000001Z-orders", "other"],
      ["20231115T000000Z-payments"],
    ]) {
      const other = join(root, id as string);
      await writeRunDirectory(other);
      await writeFile(join(other, RUN_FILES.run), JSON.stringify({ ...RUN, id }));
      await writeFile(join(other, RUN_FILES.verdict), JSON.stringify({ ...VERDICT, run_id: id }));
      if (pipeline !== undefined) await unlink(join(other, RUN_FILES.pipeline));
    }
    const document = parseWellFormed(await page());
    const labels = all(document, "svg").map(({ attributes }) => attributes["aria-label"]);
    // The run of another pipeline and the later one are not among them.
    expect(labels).toContain("longest without an acknowledgement: 4.335 s, 4.335 s");
    expect(section(document, "Last runs")).toContain("20231113T000000Z-payments");
  });

  test("each missing file is said where its figures would be", async () => {
    for (const file of ["run", "pipeline", "plan", "ledger", "journal", "samples", "verdict"] as const)
      await unlink(path(file));
    const document = parseWellFormed(await page());
    expect(all(document, "h1").map(textOf)).toEqual(["No verdict"]);
    expect(section(document, "Faults")).toContain("there is no faults.ndjson");
    expect(section(document, "Throughput and latency")).toContain("there is no samples.ndjson");
    expect(section(document, "Time line")).toContain("there are no samples");
    expect(section(document, "What was run")).toContain("unknown: there is no run.json");
  });
});

/** Any code points, also those that HTML has no place for; markup is likely. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom("<", ">", "&", '"', "'", "/", "!", "-", "\u0000", "\u2028"),
      fc.integer({ min: 0, max: 0x10_ffff }).map((code) => String.fromCodePoint(code)),
    ),
  )
  .map((parts) => parts.join(""));

describe("hostile text stays text", () => {
  test("in proofs, reasons, anomalies, premises, names and versions", async () => {
    const [planned, active, ...rest] = fault({
      id: 0,
      plannedMs: BASE_MS + 5_000,
      activeMs: BASE_MS + 5_200,
      healedMs: BASE_MS + 9_000,
    });
    if (planned?.t !== "planned" || active?.t !== "active") throw new Error("not the lines of a fault");
    const lines = [
      { ...planned, node: HOSTILE, undo: { node: HOSTILE, release: HOSTILE } },
      { ...active, node: HOSTILE, proof: HOSTILE },
      ...rest,
    ];
    await writeFile(path("journal"), encodeLog(journal(BASE_MS, lines, BASE_MS + 20_000)));
    await writeFile(path("run"), JSON.stringify({ ...RUN, versions: { [HOSTILE]: HOSTILE } }));
    const premises = [{ name: HOSTILE, value: HOSTILE, verdict: "unknown", why: HOSTILE }];
    const anomalies = [{ kind: "corrupt", count: 1, ranges: [HOSTILE], detail: HOSTILE }];
    const slo = [{ bound: HOSTILE, limit: 1, worst: null, fault: HOSTILE, is_exceeded: true }];
    const more = { reasons: [HOSTILE], waived: [HOSTILE], not_proved: [HOSTILE], premises, anomalies, slo };
    await writeFile(path("verdict"), JSON.stringify({ ...VERDICT, verdict: "INVALID", ...more }));
    const document = parseWellFormed(await page());
    expect(all(document, "img")).toEqual([]);
    expect(all(document, "script")).toHaveLength(2);
    const seen = HOSTILE.replace("\u0000", "\uFFFD").replaceAll(/\s+/g, " ").trim();
    for (const title of ["Why", "Not proved", "Faults", "Anomalies", "Service levels", "Premises", "What was run"])
      expect(section(document, title), title).toContain(seen);
    // The data of the time line are the same text after all.
    const data = all(document, "script").find(({ attributes }) => attributes["type"] === "application/json");
    expect((JSON.parse(data?.text ?? "") as { faults: { proof: string }[] }).faults[0]?.proof).toBe(HOSTILE);
  });

  test("whatever it is", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const document = parseWellFormed(markup`<p title="${text}">${text}</p>`.text);
        const shown = text.replaceAll(/[^\P{Cc}\t\n\r]/gu, "\uFFFD");
        expect(document.children).toEqual([{ name: "p", attributes: { title: shown }, children: [], text: shown }]);
      }),
    );
  });

  test("as JSON in a script, whatever it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyText, (value, text) => {
        const json = jsonMarkup({ value, text: `${text}</script><!--\u2028` }).text;
        expect(json).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text: `${text}</script><!--\u2028` })));
      }),
    );
  });
});
