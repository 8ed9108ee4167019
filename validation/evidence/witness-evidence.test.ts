import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LedgerOpen, LedgerRecord } from "../../contract/ledger.ts";
import { encodeLog } from "../../contract/log-line.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import type { WitnessRecord } from "../../contract/witness.ts";
import type { Question } from "../source/question.ts";
import { ledgerRecords } from "./fixture/run-directory.ts";
import { WitnessEvidence } from "./witness-evidence.ts";

const pipeline = parsePipeline(
  readFileSync(new URL("../../pipelines/payments.yaml", import.meta.url), "utf8"),
  "payments.yaml",
);
const open = ledgerRecords()[0] as LedgerOpen;
const AT_MS = open.at_ms;
const SPAN = { fromMs: AT_MS, toMs: AT_MS + 60_000 };
const totals = { next_offset: 1, rows: 1, counted_rows: 1, dead_letters: 0, counted_dead_letters: 0, aggregates: {} };

const begun = (session: number, ms: number): WitnessRecord => ({
  t: "open",
  version: 1,
  run: open.run,
  session,
  pid: 1,
  at_ms: AT_MS + ms,
});
const snapshot = (ms: number): WitnessRecord => ({
  t: "totals",
  ...totals,
  agree: true,
  problems: [],
  at_ms: AT_MS + ms,
});
const rows = (from: number, size: number, ms: number): WitnessRecord => ({
  t: "rows",
  partition: 0,
  from,
  to: from + size,
  rows: size,
  digest: "1",
  at_ms: AT_MS + ms,
});
const log = (ms: number): WitnessRecord[] =>
  Array.from({ length: pipeline.partitions }, (_, partition) => ({
    t: "log",
    partition,
    from: ms,
    to: ms + 3,
    records: 2,
    digest: "00c0ffee",
    at_ms: AT_MS + ms,
  }));
/** A witness that looked each 2 s for 12 s, in two sessions. */
const whole = [begun(1, 0), ...[0, 2000, 4000].flatMap((ms) => [snapshot(ms), ...log(ms)])].concat(
  begun(2, 6000),
  ...[6000, 8000, 10_000, 12_000].map((ms) => [snapshot(ms), ...log(ms)]),
);

let file: string;
beforeEach(async () => {
  file = join(await mkdtemp(join(tmpdir(), "faultline-witness-")), "witness.ndjson");
});
afterEach(() => rm(join(file, ".."), { recursive: true }));

async function evidenceOf(
  records: WitnessRecord[] | undefined,
  { toMs = AT_MS + 12_000, mostBytes = undefined as number | undefined } = {},
) {
  if (records !== undefined) await writeFile(file, encodeLog(records));
  return WitnessEvidence.read(file, open, pipeline, { ...SPAN, toMs }, mostBytes);
}
const ledgerLine = (ms: number): LedgerRecord => ({ ...open, at_ms: AT_MS + ms });

test("without a file nobody watched: that is told, and nothing else is known", async () => {
  for (const path of [undefined, file]) {
    const evidence = await WitnessEvidence.read(path, open, pipeline, SPAN);
    await evidence.compareRows(() => Promise.reject(new Error("not asked")), new AbortController().signal);
    expect(evidence.seen).toBeUndefined();
    expect(evidence.beginning).toEqual(Buffer.alloc(0));
    expect([evidence.problems, evidence.premises, evidence.summary()]).toEqual([[], [], null]);
    expect(evidence.notProved()).toEqual([expect.stringContaining("no witness watched the run")]);
  }
});

test("a witness of the whole run: what it saw, and nothing that is not proved", async () => {
  const evidence = await evidenceOf(whole);
  const text = encodeLog(whole);
  evidence.follow(ledgerLine(0));
  evidence.follow(ledgerLine(11_000));
  expect(evidence.problems).toEqual([]);
  expect(evidence.beginning.toString()).toBe(text);
  expect(evidence.premises).toEqual([
    {
      name: "sha256.witness.ndjson",
      value: createHash("sha256").update(text).digest("hex"),
      verdict: "recorded",
      why: "",
    },
  ]);
  expect(evidence.notProved()).toEqual([]);
  expect(evidence.summary()).toEqual({
    sessions: 2,
    // 4 s and 6 s.
    watched_s: 10,
    records: 7 * pipeline.partitions * 2,
    row_ranges: 0,
    snapshots: 7,
  });
});

test("what lies behind the bytes that count is not read", async () => {
  const half = encodeLog(whole.slice(0, 2)).length;
  const evidence = await evidenceOf(whole, { mostBytes: half });
  expect(evidence.summary()).toMatchObject({ sessions: 1, snapshots: 1 });
});

test("lines of another run, of other partitions or of the future are problems", async () => {
  const other = { ...begun(1, 0), run: 7 } as WitnessRecord;
  expect((await evidenceOf([other])).problems).toEqual([expect.stringContaining("the ledger is of run 1700000000")]);
  const beyond = { ...rows(0, 1, 0), partition: 6 } as WitnessRecord;
  expect((await evidenceOf([begun(1, 0), beyond])).problems).toEqual([
    expect.stringContaining("no partition 6, only 6"),
  ]);
  expect((await evidenceOf([begun(1, 60_000)])).problems).toEqual([expect.stringContaining("in the future")]);
});

test("the times of the ledger's lines are those in which nobody watched", async () => {
  const evidence = await evidenceOf(whole);
  for (const ms of [20_000, -6000, 3000]) evidence.follow(ledgerLine(ms));
  const [text, ...more] = evidence.notProved();
  expect(more).toEqual([]);
  expect(text).toContain("22:13:19.000Z to 2023-11-14T22:13:25.000Z (before the witness began)");
  expect(text).toContain("22:13:37.000Z to 2023-11-14T22:13:45.000Z (after the witness's last line)");
});

test("so is the time from its last line until the end was read", async () => {
  const evidence = await evidenceOf(whole, { toMs: AT_MS + 18_000 });
  evidence.follow(ledgerLine(0));
  expect(evidence.notProved()).toEqual([
    expect.stringContaining("22:13:37.000Z to 2023-11-14T22:13:43.000Z (after the witness's last line)"),
  ]);
});

test("its ranges of rows are read again, in the ledger's run; all of them prove", async () => {
  const evidence = await evidenceOf([...whole, rows(0, 10, 12_000), rows(10, 10, 12_000)]);
  evidence.follow(ledgerLine(0));
  const asked: unknown[][] = [];
  const select = async (_: unknown, values: unknown[]) => {
    asked.push(values);
    return [{ place: 1, rows: 4, digest: "5" }];
  };
  const live = { brokers: [], topic: "", postgres: async () => ({ select }), ranges: async () => [] };
  const ask = <Answer>(question: Question<Answer>) => question.ask(live as never);
  await evidence.compareRows(ask, new AbortController().signal);
  expect(asked[0]?.[0]).toBe(open.run);
  expect(evidence.seen?.end.rows.get("0:10:20")).toEqual({ rows: 4, digest: "5" });
  expect(evidence.summary()).toMatchObject({ row_ranges: 2 });
  expect(evidence.notProved()).toEqual([]);
});

test("if only a sample of the ranges was read, that is told, and the run's seed chose it", async () => {
  const many = Array.from({ length: 50 }, (_, at) => rows(at * 200_000, 200_000, 12_000));
  const read = async (seed: number) => {
    await writeFile(file, encodeLog([...whole, ...many]));
    const evidence = await WitnessEvidence.read(file, { ...open, seed }, pipeline, { ...SPAN, toMs: AT_MS + 12_000 });
    evidence.follow(ledgerLine(0));
    const names: string[] = [];
    await evidence.compareRows(async ({ name }) => (names.push(name), [] as never), new AbortController().signal);
    return { names, told: evidence.notProved() };
  };
  const { names, told } = await read(3);
  expect(told).toEqual([
    `rows that were rewritten: ${names.length} of the 50 ranges that the witness has read were compared, chosen at random`,
  ]);
  expect((await read(4)).names).not.toEqual(names);
});
