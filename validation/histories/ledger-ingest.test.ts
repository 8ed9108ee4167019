import { expect, test } from "vitest";
import { ledgerOpen } from "../../contract/fixture/ledger-open.ts";
import { ledgerClose } from "../../contract/fixture/close.ts";
import type { LedgerOpen, LedgerRecord } from "../../contract/ledger.ts";
import { encodeLog } from "../../contract/log-line.ts";
import { emptyHistories } from "../fixture/histories.ts";
import { NO_OFFSET } from "../truth/batches.ts";
import { LedgerIngest } from "./ledger-ingest.ts";

const open = ledgerOpen(6);
const attempt = (s: number, a = 1, first_ms = 5): LedgerRecord => ({
  t: "attempt",
  p: 0,
  s,
  n: 10,
  first_ms,
  last_ms: 9,
  a,
  at_ms: 0,
});
const failed = (s: number): LedgerRecord => ({ t: "failed", p: 0, s, n: 10, why: "", at_ms: 0 });
const ack = (s: number): LedgerRecord => ({ t: "ack", p: 0, s, n: 10, o: s, at_ms: 0 });

function linesOf(records: LedgerRecord[]): string[] {
  return encodeLog(records).split("\n").slice(0, -1);
}

function readLines(lines: string[]) {
  const histories = emptyHistories();
  const ingest = new LedgerIngest(histories);
  for (const [index, line] of lines.entries()) ingest.line(line, index + 1);
  ingest.finish();
  return { problems: ingest.problems, history: histories.partitions[0] };
}

function read(records: LedgerRecord[]) {
  return readLines(linesOf(records));
}

test("attempts and outcomes", () => {
  const { problems, history } = read([
    open,
    attempt(0),
    ack(0),
    attempt(10),
    { t: "failed", p: 0, s: 10, n: 10, why: "", at_ms: 0 },
    attempt(20),
  ]);
  expect(problems).toEqual([]);
  expect([history?.attempted.count, history?.acknowledged.count, history?.failed.count]).toEqual([30, 10, 10]);
});

const LOST = "its checksum does not fit: it was changed, or lines before it were removed, added or exchanged";

test("a batch that nobody knows about is not failed, even if it was refused before", () => {
  const indeterminate: LedgerRecord = { t: "indeterminate", p: 0, s: 0, n: 10, why: "", at_ms: 0 };
  const { history } = read([open, attempt(0), indeterminate, attempt(0, 2), failed(10)]);
  expect([history?.failed.has(0), history?.batches.explained(0)]).toEqual([false, 2]);
});

test("the first and the last batch of a partition can have failed, each with all its events", () => {
  const { history } = read([open, attempt(0), failed(0), attempt(10), ack(10), attempt(20), failed(20)]);
  const found = [0, 9, 10, 19, 20, 29, 30].map((sequence) => history?.failed.has(sequence));
  expect(found).toEqual([true, true, false, false, true, true, false]);
});

test.each([
  [0, 0],
  [7, 7],
  [-7, NO_OFFSET],
])("an acknowledgement at offset %i is one at offset %i", (o, offset) => {
  const { history } = read([open, attempt(0), { ...ack(0), o } as LedgerRecord]);
  expect(history?.acknowledged.count).toBe(10);
  expect(history?.batches.offsetOf(0)).toBe(offset);
});

test("the times of the first attempt are those of the events", () => {
  const { history } = read([open, attempt(0)]);
  expect([history?.batches.createdMs(0, 0), history?.batches.createdMs(0, 9)]).toEqual([5, 9]);
});

test("a line of a partition that does not exist is one problem", () => {
  expect(read([open, { ...attempt(0), p: 6 } as LedgerRecord]).problems).toEqual([
    "ledger line 2: there is no partition 6, only 6",
  ]);
});

test("says what the lines come to, and shows each line that can be read", () => {
  const lines = linesOf([open, attempt(0), ack(0)]);
  const seen: string[] = [];
  const ingest = new LedgerIngest(emptyHistories(), ({ t }) => seen.push(`${t} after ${ingest.tally.lines}`));
  expect(lines.map((line, index) => ingest.line(line, index + 1)?.t)).toEqual(["open", "attempt", "ack"]);
  expect(seen).toEqual(["open after 1", "attempt after 2", "ack after 3"]);
  expect(ingest.tally).toMatchObject({ lines: 3, attempts: 1, acknowledged: 10 });
  expect(ingest.isIncomplete).toBe(false);
  expect(ingest.crc).toBe(Number.parseInt(/"crc":"?(\w+)/.exec(lines[2] as string)?.[1] ?? "", 16));
  expect(ingest.line("no line", 4)).toBeUndefined();
  expect([ingest.isIncomplete, ingest.tally.lines, seen.length]).toEqual([true, 4, 3]);
});

test("all problems are counted, and ten of them told", () => {
  const ingest = new LedgerIngest(emptyHistories());
  for (let number = 1; number <= 12; number++) ingest.line("no line", number);
  expect([ingest.problemCount, ingest.problems.length]).toEqual([12, 10]);
  expect(ingest.problems[9]).toMatch(/^ledger line 10: /);
});

test("a damaged line is named by its number, and the rest still counts", () => {
  const lines = linesOf([open, attempt(0), ack(0), attempt(10), ack(10)]);
  const { problems, history } = readLines(lines.with(2, (lines[2] as string).replace('"o":0', '"o":1')));
  expect(problems).toEqual([
    `ledger line 3: ${LOST}`,
    "ledger line 4: attempt of sequence 10, but the batch at sequence 0 of partition 0 is not settled",
  ]);
  expect([history?.attempted.count, history?.acknowledged.count]).toEqual([20, 10]);
});

test("an open line of another version is a problem that names both versions", () => {
  const newer = { ...open, version: 3 } as unknown as LedgerOpen;
  expect(read([open, attempt(0), ack(0), newer]).problems).toEqual([
    "ledger line 4: version 3 is not known to this build (it reads version 2)",
  ]);
});

test("an acknowledgement whose attempt is lost still says that the events must be there", () => {
  const lines = linesOf([open, attempt(0), ack(0)]);
  const { problems, history } = readLines(lines.with(1, (lines[1] as string).replace("attempt", "Attempt")));
  expect(problems).toEqual([
    `ledger line 2: ${LOST}`,
    'ledger line 3: "ack" of partition 0, sequence 0, without its attempt',
  ]);
  expect([history?.attempted.count, history?.acknowledged.count]).toEqual([10, 10]);
});

test("a torn line that has an end is damage, also where a new process begins: the writer cuts a torn end off", () => {
  const lines = linesOf([open, attempt(0), ack(0)]);
  const torn = (lines[2] as string).slice(0, 20);
  expect(readLines(lines.with(2, torn)).problems).toEqual([`ledger line 3: ${LOST}`]);
  const second = linesOf([open, attempt(0), { ...open, pid: 2 }])[2] as string;
  expect(readLines([...lines.with(2, torn), second]).problems).toContain(`ledger line 3: ${LOST}`);
});

test("an impossible line is a problem, wherever it stands", () => {
  const before = [open, attempt(0), ack(0)];
  expect(read([...before, ledgerClose(before, 0), attempt(10), failed(10)]).problems).toEqual([
    'ledger line 5: "attempt" after "close", without a new "open"',
    'ledger line 6: "failed" after "close", without a new "open"',
  ]);
  expect(read([attempt(0)]).problems).toEqual(['ledger line 1: a ledger begins with "open", not with "attempt"']);
  expect(read([open, attempt(0), ack(0), attempt(15)]).problems).toHaveLength(1);
  expect(read([open, attempt(0), { ...attempt(0, 2, 6) }]).problems).toEqual([
    expect.stringContaining("ledger line 3: the batch at sequence 0 of partition 0 is tried again with other events"),
  ]);
  expect(read([open, { ...open, seed: 2 }]).problems).toEqual([
    'ledger line 2: "open" of another run: seed is 1, here it is 2',
  ]);
});

test("sequences that no bitmap can hold are said not to be judged", () => {
  const far = { ...attempt(0), n: 2 ** 31 + 1 } as LedgerRecord;
  expect(read([open, far]).problems).toEqual([
    "ledger line 2: sequences from 0 of partition 0 are beyond what can be judged",
  ]);
});
