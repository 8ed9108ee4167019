import { appendFile, mkdtemp, readFile, rm, truncate, unlink, writeFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeLog } from "../../contract/log-line.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { VerdictFile } from "../../contract/verdict.ts";
import { fault, journal } from "../fixture/recovery.ts";
import {
  BASE_MS as BASE,
  commitLines,
  KILL,
  RUN as run,
  RUN_ID as ID,
  VERDICT as verdict,
  writeRunDirectory,
} from "../fixture/run-directory.ts";
import { readRunView } from "../view/read-view.ts";
import { renderMarkdown } from "./markdown.ts";
import { writeReport } from "./report-files.ts";

const renderReport = async (from: string): Promise<string> => renderMarkdown(await readRunView(from));

let directory: string;
const path = (file: keyof typeof RUN_FILES): string => join(directory, RUN_FILES[file]);

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), "faultline-report-"));
  directory = join(root, ID);
  await writeRunDirectory(directory);
});
afterEach(() => rm(join(directory, ".."), { recursive: true }));

/** The lines of one section. */
async function section(title: string): Promise<string> {
  const text = await renderReport(directory);
  const found = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`no section ${title} in\n${text}`);
  return found;
}

/** The cells of the table line that begins with `label`. */
async function cells(title: string, label: string): Promise<string[]> {
  const line = (await section(title)).split("\n").find((candidate) => candidate.startsWith(`| ${label} |`));
  if (line === undefined) throw new Error(`no line ${label} in ${title}`);
  return line
    .split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

describe("the report of a whole run", () => {
  test("begins with the verdict in plain words", async () => {
    const text = await renderReport(directory);
    expect(text.indexOf("## Verdict")).toBeLessThan(text.indexOf("## What was run"));
    expect(await section("Verdict")).toContain(
      "**VALID**: nothing was lost, doubled or changed. Of 123,456 acknowledged events",
    );
    expect(await section("Verdict")).toContain("damaged at random: found 16 of 16 in 16 kinds.");
    expect(await section("Verdict")).toContain("No witness watched the run");
  });

  test("has the premises, the bad ones first", async () => {
    const lines = (await section("Premises")).split("\n").filter((line) => line.startsWith("| postgres"));
    expect(lines).toEqual([
      "| postgres.fsync | off | unknown | a committed row is only in memory |",
      "| postgres.version | 18.1 | recorded |  |",
    ]);
  });

  test.each([
    ["rows in PostgreSQL", ["123,401", "123,402"]],
    ["dead letters", ["55", "56"]],
    ["attempted", ["123,457"]],
    ["acknowledged", ["123,456"]],
    ["indeterminate (the producer does not know)", ["1"]],
    ["records in Kafka's log", ["123,460"]],
    ["repeated records among them", ["3"]],
    ["aggregate groups compared", ["789"]],
    ["faults that had an effect", ["3"]],
    ["of these, while events were under way", ["2"]],
  ])("counts: %s", async (label, expected) => {
    expect(await cells("Counts", label)).toEqual(expected);
  });

  test("says what was run", async () => {
    expect(await cells("What was run", "run")).toEqual(["1700000000, seed 42, created 2023-11-14T22:12:20.000Z"]);
    expect(await cells("What was run", "versions")).toEqual(["kafka 4.4.0, spark 4.2.0"]);
    expect(await cells("What was run", "malformed events")).toEqual(["150 per million"]);
    expect(await cells("What was run", "pipeline")).toEqual(["payments: topic payments, 6 partitions, table payments"]);
    // 200 + 158 batches of 10 (42 of lane 1 fell into its silence) in 20 s
    expect(await cells("What was run", "mean rate over production")).toEqual(["179 events/s"]);
    expect(await cells("What was run", "chaos")).toEqual([
      "1 fault planned over 20.0 s (seed 99, on kafka); 1 injected, 1 had an effect",
    ]);
  });

  test("the fault table is measured from journal, ledger and samples", async () => {
    expect(await cells("Faults", "0")).toEqual([
      "+0:05",
      "kill",
      "kafka-2",
      "yes",
      "5.800 s",
      "1.500 s",
      "4.335 s",
      "3.0–5.0 s",
      "4.4–5.0 s",
    ]);
    expect(await section("Faults")).toContain("its process 4711 is gone");
    expect(await section("Faults")).toContain(
      "the longest time without an acknowledgement 100 ms, without rows ≤ 2.000 s",
    );
  });

  test("with the commit times, the fault table is exact", async () => {
    await writeFile(path("commits"), commitLines());
    expect((await cells("Faults", "0")).slice(-3)).toEqual(["4.335 s", "4.335 s", "4.418 s"]);
  });

  test("figures are split into calm and fault time", async () => {
    expect(await cells("Throughput and latency", "stored, rows/s")).toEqual([
      "200 (200 to 200)",
      "200 (200 to 200)",
      "200 (200 to 200)",
    ]);
    expect(await cells("Throughput and latency", "latency p50, ms")).toEqual([
      "16 (16 to 16)",
      "16 (16 to 2,222)",
      "16 (16 to 2,222)",
    ]);
    expect(await cells("Throughput and latency", "samples")).toEqual(["11", "8", "20"]);
  });

  test("the lag's picture has the peak where it was, and the fault under it", async () => {
    const lines = (await section("Lag over time")).split("\n");
    expect(lines).toContain("▂▂▂▂▂▂████▂▂▂▂▂▂▂▂▂▂▂▂");
    expect(lines).toContain("     xxxxxxx");
    expect(lines.join("\n")).toContain("at most 4,321");
  });

  test("anomalies come with definition and place; what is not proved and how to replay are there", async () => {
    expect(await cells("Anomalies", "recovered")).toEqual([
      "1",
      "(no worse)",
      "an indeterminate event that is present, once",
      "producer → Kafka, during #0",
      "p1 #500-509",
      "in the log at offset 500",
    ]);
    expect(await section("Not proved")).toContain("- that fsync works");
    expect(await section("Repeat it")).toContain(`./faultline chaos --plan runs/${ID}/plan.json`);
  });

  test("is written atomically, and again the same", async () => {
    expect(await writeReport(directory)).toMatchObject({ markdown: path("report"), page: path("reportPage") });
    expect(await readFile(path("report"), "utf8")).toBe(await renderReport(directory));
  });
});

describe("the report of a damaged run", () => {
  test("an invalid run names its anomalies first", async () => {
    const anomalies: VerdictFile["anomalies"] = [
      { kind: "lost-sink", count: 12_345, ranges: ["p3 #120-140"], detail: "a | b\nc" },
    ];
    await writeFile(
      path("verdict"),
      JSON.stringify({
        ...verdict,
        verdict: "INVALID",
        reasons: ["lost-sink: 12345"],
        anomalies,
        canary: { planted: 16, found: 15, kinds: 16, untested: [] },
        witness: { sessions: 1, watched_s: 75, records: 1_234, row_ranges: 1, snapshots: 30 },
      }),
    );
    expect(await section("Verdict")).toContain("**INVALID**: the data is wrong. Found: lost-sink (12,345).");
    expect(await section("Verdict")).toContain(
      "**Tested on this run's own bytes, damaged at random: found 15 of 16 in 16 kinds.** A witness watched the run for 75.0 s in 1 session: 1,234 records of the log, 1 range of rows that were compared",
    );
    expect((await section("Anomalies")).split("\n").at(4)).toMatch(
      /^\| lost-sink \| 12,345 \| INVALID \| .* \| Spark → PostgreSQL \| p3 #120-140 \| a \\\| b c \|$/,
    );
  });

  test("no verdict is said, and the ledger's counts stand in", async () => {
    await unlink(path("verdict"));
    expect(await section("Verdict")).toContain("**None**: there is no verdict.json.");
    expect(await section("Counts")).toContain("attempted 3,580 events, and 3,580 were acknowledged");
    expect(await section("Anomalies")).toContain("Unknown: there is no verdict.json");
    expect(await section("Not proved")).toContain("Nothing is proved");
  });

  test("a torn verdict is none", async () => {
    await truncate(path("verdict"), (await stat(path("verdict"))).size - 5);
    expect(await section("Verdict")).toContain("**None**: verdict.json can't be read");
  });

  test("a verdict of another run is not passed off as this one's", async () => {
    await writeFile(path("verdict"), JSON.stringify({ ...verdict, run_id: "other" }));
    expect(await section("Verdict")).toContain("**verdict.json is about another run, other.**");
  });

  test("torn and damaged lines are left out, and damaged ones said", async () => {
    await appendFile(path("journal"), '{"t":"planned","id":1');
    await appendFile(path("samples"), '{"at_ms":17');
    const damaged = (await readFile(path("ledger"), "utf8")).replace('"t":"close"', '"t":"cloze"');
    await writeFile(path("ledger"), damaged);
    expect(await cells("Faults", "0")).toHaveLength(9);
    expect(await section("Faults")).not.toContain("can't be read");
    expect(await cells("What was run", "ledger lines that can't be read")).toEqual([
      expect.stringMatching(/^1 \(line \d+: its checksum does not fit: .*\)$/),
    ]);
    await appendFile(path("journal"), "\n");
    expect(await section("Faults")).toContain("**1 line of the journal can't be read: this table may miss faults.**");
  });

  test("an id that is used twice is a contradiction, and is said", async () => {
    const again = fault({ id: 0, plannedMs: BASE + 15_000 });
    await writeFile(path("journal"), encodeLog(journal(BASE, [...KILL, ...again], BASE + 20_000)));
    expect(await section("Faults")).toContain(
      "**The journal contradicts itself: this table may be wrong.**\n- line 6: fault 0 is planned twice\n",
    );
  });

  test("a journal that was not closed is said", async () => {
    await writeFile(path("journal"), encodeLog(journal(BASE, KILL, BASE + 20_000).slice(0, -1)));
    expect(await section("Faults")).toContain(
      '- it does not end with "close": the chaos engine is at work, or it died\n',
    );
  });

  test("a file of another version is said to be so, with both versions", async () => {
    const open = { t: "open", version: 9, at_ms: BASE };
    await writeFile(path("journal"), encodeLog([open]));
    expect(await section("Faults")).toContain("- line 1: version 9 is not known to this build (it reads version 4)");
    await writeFile(path("ledger"), encodeLog([open]) + (await readFile(path("ledger"), "utf8")));
    expect(await cells("What was run", "ledger lines that can't be read")).toEqual([
      expect.stringContaining("line 1: version 9 is not known to this build (it reads version 2); line 2: its"),
    ]);
    await writeFile(path("ledger"), encodeLog([open]));
    expect(await cells("What was run", "producer")).toEqual([
      "unknown: ledger.ndjson can't be read: line 1: version 9 is not known to this build (it reads version 2)",
    ]);
    await writeFile(path("run"), JSON.stringify({ ...run, version: 2, more: {} }));
    expect(await cells("What was run", "run")).toEqual([
      expect.stringContaining("run.json can't be read: version 2 is not known to this build"),
    ]);
    await writeFile(path("verdict"), JSON.stringify({ ...verdict, version: 9 }));
    expect(await section("Verdict")).toContain("verdict.json can't be read: version 9 is not known to this build");
  });

  test("a verdict with an anomaly of a newer build can't be read", async () => {
    const anomalies = [{ kind: "melted", count: 1, ranges: [], detail: "" }];
    await writeFile(path("verdict"), JSON.stringify({ ...verdict, anomalies }));
    expect(await section("Verdict")).toContain("**None**: verdict.json can't be read: anomalies[0].kind: ");
  });

  test("each missing file is said where its figures would be, and spoils no other section", async () => {
    for (const file of ["run", "pipeline", "plan", "ledger", "journal", "samples"] as const) await unlink(path(file));
    expect(await section("Verdict")).toContain("**VALID**");
    expect(await cells("What was run", "run")).toEqual(["unknown: there is no run.json"]);
    expect(await cells("What was run", "chaos")).toEqual([
      "unknown: there is no faults.ndjson; plan unknown: there is no plan.json",
    ]);
    expect(await section("Throughput and latency")).toContain("No figures: there is no samples.ndjson.");
    expect(await section("Faults")).toContain("None known: there is no faults.ndjson.");
    expect(await section("Repeat it")).toContain("not possible, there is no plan.json");
  });

  test("without samples the sink's recovery is unknown, that of the acknowledgements is not", async () => {
    await unlink(path("samples"));
    expect((await cells("Faults", "0")).slice(-3)).toEqual(["4.335 s", "unknown: no samples", "unknown: no samples"]);
  });

  test("no such run is an error with a code", async () => {
    await expect(renderReport(join(directory, "nowhere"))).rejects.toMatchObject({ code: "FL_RUN_MISSING" });
  });
});
