import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePlan, parsePlan } from "../../../chaos/plan/plan.ts";
import { FAULT_KINDS } from "../../../contract/plan.ts";
import type { LogExcerpt } from "../../../report/page/fault-evidence.ts";
import { madeRun, type MadeFault, SOME_FAULTS, writeMadeRun } from "../../../report/page/fixture/made-run.ts";
import { faultEvidence } from "./fault.ts";
import { lineTime, logBetween } from "./node-log.ts";
import { replayOf } from "./replay.ts";

const HOSTILE = `<img src=x onerror=alert(1)> </script> \u001b[2J`;
const made = madeRun({
  seconds: 200,
  faults: SOME_FAULTS.map((fault, index) => (index === 1 ? { ...fault, proof: HOSTILE } : fault)),
});
const isoAt = (second: number): string => new Date(made.baseMs + second * 1_000).toISOString();
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-fault-"));
  writeMadeRun(directory, made);
  // A line each quarter of a second, as PostgreSQL writes it; each with a second line without a time.
  const lines = Array.from({ length: 4 * 200 }, (_, index) => {
    const stamp = isoAt(index / 4)
      .replace("T", " ")
      .replace("Z", " UTC");
    return `${stamp} [123] line ${index / 4}\n\tDETAIL of ${index / 4} ${HOSTILE}\n`;
  });
  writeFileSync(join(directory, "logs", "postgres.log"), lines.join(""));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("the evidence of a fault", () => {
  test("has its lines of the journal, the undo, and both parts of the node's log", async () => {
    const evidence = await faultEvidence(directory, 2);
    expect(evidence?.records.map(({ t }) => t)).toEqual(["planned", "active", "healed", "recovered"]);
    expect(evidence?.journal[1]).toContain(JSON.stringify(HOSTILE).slice(1, -1));
    expect(evidence?.undo).toEqual({ node: "postgres", release: "made-2" });
    const [first, second] = (evidence?.log ?? []) as LogExcerpt[];
    // Injected at 37 s, seen 0.3 s later; undone at 43 s, ready 2.4 s later; 2 s around each.
    expect(first?.lines[0]).toContain("line 35");
    expect(first?.lines.at(-1)).toContain("DETAIL of 39.25");
    expect(second?.lines[0]).toContain("line 41");
    expect(second?.lines.at(-1)).toContain("DETAIL of 47.25");
    expect(first?.lines[1]).toContain(HOSTILE);
    expect(first?.is_cut).toBe(false);
  });

  test("says why there is no log, and why a gap is unknown", async () => {
    const evidence = await faultEvidence(directory, 1);
    expect(evidence?.log).toEqual({ problem: "the run directory has no logs/spark-worker-2.log" });
    expect(evidence?.gaps.without_rows).toEqual({ unknown: "the run has no ledger" });
  });

  test("is not there for a fault that the journal does not have", async () => {
    expect(await faultEvidence(directory, 99)).toBeUndefined();
  });
});

test("a node's name that leads out of the directory has no log", async () => {
  const other = mkdtempSync(join(tmpdir(), "faultline-fault-"));
  try {
    const [first] = SOME_FAULTS;
    writeMadeRun(other, madeRun({ seconds: 60, faults: [{ ...(first as MadeFault), node: "../run" }] }));
    expect((await faultEvidence(other, 1))?.log).toEqual({ problem: "the node's name is no name of a log" });
  } finally {
    rmSync(other, { recursive: true });
  }
});

describe("a node's log", () => {
  const at = Date.UTC(2026, 10, 24, 22, 56, 17, 123);
  test.each([
    ["2026-11-24T22:56:17.123Z INFO  Broker starts", at],
    ["2026-11-24T23:56:17.123+01:00 INFO driver: x", at],
    ["[2026-11-24 22:56:17,123] INFO x", at],
    ["2026-11-24 22:56:17.123 UTC [70] psql LOG:  x", at],
    ['{"level":30,"time":"2026-11-24T22:56:17.123Z","pid":1}', at],
    ["\tat java.lang.Thread.run", undefined],
    ["2026-99-99T22:56:17.123Z", undefined],
    ["", undefined],
  ])("time of %j", (line, ms) => expect(lineTime(line)).toBe(ms));

  test("is found in a large file without reading all of it, and is cut where it is too much", async () => {
    const path = join(directory, "large.log");
    const lines = Array.from({ length: 100_000 }, (_, index) => `${isoAt(index / 100)} line ${index}\n`);
    writeFileSync(path, lines.join(""));
    const [fromMs, toMs] = [made.baseMs + 500_000, made.baseMs + 500_500];
    const found = await logBetween(path, "large.log", fromMs, toMs);
    expect(found.lines).toHaveLength(51);
    expect(found.lines[0]).toContain("line 50000");
    expect(found.is_cut).toBe(false);
    const much = await logBetween(path, "large.log", fromMs, toMs + 10_000);
    expect([much.lines.length, much.is_cut]).toEqual([120, true]);
    expect((await logBetween(path, "large.log", 0, 1)).lines).toEqual([]);
  });
});

describe("the commands that do it again", () => {
  const planned = made.records.filter((record) => record.t === "planned");

  test.each(planned.map((record) => [record.fault.kind, record] as const))(
    "%s: exactly this fault is a plan",
    (_, record) => {
      const [, text = ""] =
        /^echo '(.*)' >fault-\d\.json && \.\/faultline chaos --plan fault-\d\.json$/.exec(replayOf(record).exact) ?? [];
      expect(parsePlan(text).faults).toEqual([{ ...record.fault, at_ms: 0 }]);
    },
  );

  test("one of its kind: the flags draw one fault on that node", () => {
    const { similar } = replayOf(planned[1] as never);
    expect(similar).toBe("./faultline chaos --faults kill --targets postgres --duration 10 --interval 10");
    const nodes = [{ name: "postgres", kind: "postgres" as const }];
    const plan = makePlan({
      seed: 1,
      durationMs: 10_000,
      intervalMs: 10_000,
      partitions: 6,
      nodes,
      targets: ["postgres"],
      kinds: ["kill"],
    });
    expect(plan.faults).toMatchObject([{ kind: "kill", target: { node: "postgres" } }]);
  });

  test("a name is one word of the shell, whatever is in it", () => {
    const record = { ...(planned[1] as Extract<(typeof planned)[number], { t: "planned" }>), node: "a'; rm -rf b" };
    expect(replayOf(record).similar).toContain(String.raw`--targets 'a'\''; rm -rf b' --`);
    expect(FAULT_KINDS).toContain(record.fault.kind);
  });
});
