import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { JournalTimes } from "../contract/journal-grammar.ts";
import { journalClose } from "../contract/fixture/close.ts";
import { JOURNAL_VERSION, type JournalRecord } from "../contract/journal.ts";
import { encodeLog } from "../contract/log-line.ts";
import { judge } from "./judge.ts";
import { readFaultJournal, readJournalBytes } from "./fault-journal.ts";

const directory = mkdtempSync(join(tmpdir(), "faultline-journal-"));
const planned = (id: number): JournalRecord => ({
  t: "planned",
  id,
  fault: { id, at_ms: 0, kind: "kill", target: { node: "kafka-1" }, hold_ms: 1 },
  node: "kafka-1",
  node_kind: "kafka",
  undo: { node: "kafka-1", release: `test-${id}` },
  at_ms: 0,
});
const active = (id: number, effective: boolean): JournalRecord => ({
  t: "active",
  id,
  kind: "kill",
  node: "kafka-1",
  effective,
  proof: "",
  at_ms: 0,
});
const healed = (id: number): JournalRecord => ({ t: "healed", id, by: "engine", proof: "", at_ms: 0 });

const open: JournalRecord = {
  t: "open",
  version: JOURNAL_VERSION,
  run: 7,
  seed: 1,
  plan_sha256: "",
  faults: 9,
  process: { pid: 1, start_ticks: 1, boot_id: "b" },
  at_ms: 0,
};
const closed = (...before: JournalRecord[]): JournalRecord[] => [...before, journalClose(before, 0)];
const NOT_CLOSED = expect.stringContaining('the fault journal does not end with "close"') as string;

async function read(journal: string | JournalRecord[], times?: JournalTimes) {
  const file = join(directory, "faults.ndjson");
  writeFileSync(file, typeof journal === "string" ? journal : encodeLog(journal));
  return readFaultJournal(await readJournalBytes(file), times);
}

test("no journal, no faults", async () => {
  expect(readFaultJournal(await readJournalBytes(undefined))).toMatchObject({ effective: [], unhealed: [] });
  expect(readFaultJournal(await readJournalBytes(join(directory, "absent")))).toMatchObject({
    effective: [],
    unhealed: [],
  });
});

test("counts faults that bit, and names those that are not healed", async () => {
  const failed: JournalRecord = { t: "failed", id: 3, why: "", at_ms: 0 };
  const before = [open, planned(1), active(1, true), healed(1), planned(2), active(2, false), planned(3), failed];
  expect(await read(before)).toMatchObject({
    effective: [{ id: 1, nodeKind: "kafka" }],
    unhealed: ["fault 2 (kill of kafka-1)"],
    problems: [NOT_CLOSED],
  });
  expect((await read(closed(...before, healed(2)))).problems).toEqual([]);
});

test("a torn end is nothing, a damaged line is a problem", async () => {
  const whole = encodeLog([open, planned(1), active(1, true), healed(1)]);
  expect(await read(`${whole}{"t":"planned","id"`)).toMatchObject({ unhealed: [], problems: [NOT_CLOSED] });
  expect((await read(whole.replace('"by":"engine"', '"by":"somebody"'))).problems).toEqual([
    expect.stringContaining("FL_JOURNAL_DAMAGED: fault journal: line 4: its checksum does not fit: "),
    NOT_CLOSED,
  ]);
});

test("a journal of another version says so, and each of its other problems is counted", async () => {
  const flood = Array.from({ length: 20 }, () => ({ t: "flooded", id: 1 }));
  const { problems } = await read(encodeLog([{ t: "open", version: 5, seed: 1, at_ms: 0 }, ...flood]));
  expect(problems).toHaveLength(11);
  expect(problems[0]).toBe(
    "FL_JOURNAL_DAMAGED: fault journal: line 1: version 5 is not known to this build (it reads version 4)",
  );
  expect(problems[10]).toContain("and 11 more");
});

const whole = (id: number) => [planned(id), active(id, true), healed(id)];
test.each<[string, JournalRecord[], string, number]>([
  ["a fault that is planned twice", [open, ...whole(1), planned(1)], "line 5: fault 1 is planned twice", 1],
  ["an effect of a fault that was never planned", [open, ...whole(1), active(2, true)], "line 5: fault 2 is active", 1],
  ["an effect alone", [active(2, true)], 'line 1: a journal begins with "open"', 0],
  ["a fault before the first open", whole(1), 'line 1: a journal begins with "open"', 1],
])("%s makes the verdict UNKNOWN", async (_, lines, problem, count) => {
  const { problems, effective } = await read(lines);
  expect(problems[0]).toContain(`FL_JOURNAL_DAMAGED: fault journal: ${problem}`);
  expect(effective).toHaveLength(count);
  const circumstances = { doubtful: new Set<never>(), hollow: [], breaches: [] };
  expect(judge([], { ...circumstances, unknown: [] }).verdict).toBe("VALID");
  expect(judge([], { ...circumstances, unknown: problems })).toEqual({
    verdict: "UNKNOWN",
    reasons: problems,
  });
});

test("a fault at a time when there was no run makes the verdict UNKNOWN", async () => {
  expect((await read(closed(open, ...whole(1)), { fromMs: 0, toMs: 0 })).problems).toEqual([]);
  expect((await read(closed(open), { fromMs: 5_000, toMs: 9_000 })).problems).toEqual([
    'FL_JOURNAL_DAMAGED: fault journal: line 1: the time of "open" is 5000 ms before the run was created',
    'FL_JOURNAL_DAMAGED: fault journal: line 2: the time of "close" is 5000 ms before the run was created',
  ]);
});
