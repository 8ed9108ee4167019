import { expect, test } from "vitest";
import { ledgerOpen } from "./fixture/ledger-open.ts";
import { ledgerClose } from "./fixture/close.ts";
import { LedgerGrammar } from "./ledger-grammar.ts";
import type { LedgerRecord } from "./ledger.ts";

const open = ledgerOpen(2);
/** Stands for a `close` with the totals of the lines before it. */
const close: LedgerRecord = { ...ledgerClose([], 9), lines: -1 };
const attempt = (s: number, a = 1, more: Partial<LedgerRecord & { t: "attempt" }> = {}): LedgerRecord => ({
  t: "attempt",
  p: 0,
  s,
  n: 10,
  first_ms: 5,
  last_ms: 9,
  a,
  at_ms: 0,
  ...more,
});
const ack = (s: number, more: Partial<LedgerRecord & { t: "ack" }> = {}): LedgerRecord => ({
  t: "ack",
  p: 0,
  s,
  n: 10,
  o: s,
  at_ms: 0,
  ...more,
});
const doubt = (s: number): LedgerRecord => ({ t: "indeterminate", p: 0, s, n: 10, why: "", at_ms: 0 });
const failed = (s: number): LedgerRecord => ({ t: "failed", p: 0, s, n: 10, why: "", at_ms: 0 });

function closed(records: LedgerRecord[]): LedgerRecord[] {
  return records.map((record, at) => (record === close ? ledgerClose(records.slice(0, at), 9) : record));
}

function problems(records: LedgerRecord[]): string[] {
  const grammar = new LedgerGrammar();
  return closed(records).flatMap((record, index) => {
    const problem = grammar.apply(record);
    return problem === undefined ? [] : `${index + 1}: ${problem}`;
  });
}

test.each([
  [
    "one process",
    [open, attempt(0), ack(0), attempt(10), failed(10), attempt(20), doubt(20), attempt(20, 2), ack(20), close],
  ],
  ["several processes", [open, close, { ...open, pid: 2 }, attempt(0), ack(0), close, { ...open, pid: 3 }, close]],
  [
    "a producer killed in the middle of a batch",
    [open, attempt(0), { ...open, pid: 2 }, doubt(0), attempt(0, 2), ack(0)],
  ],
  ["killed again before it could say so", [open, attempt(0), open, open, doubt(0), attempt(0, 2)]],
  ["a batch left in doubt at the end", [open, attempt(0), doubt(0), close]],
  ["partitions side by side", [open, attempt(0), attempt(0, 1, { p: 1 }), ack(0, { p: 1 }), ack(0)]],
])("%s is fine", (_name, records) => expect(problems(records)).toEqual([]));

test.each<[string, LedgerRecord[], string]>([
  ["no open first", [attempt(0)], '1: a ledger begins with "open", not with "attempt"'],
  ["a close first", [close], '1: a ledger begins with "open", not with "close"'],
  ["another run", [open, { ...open, seed: 2 }], '2: "open" of another run: seed is 1, here it is 2'],
  ["an attempt after close", [open, close, attempt(0)], '3: "attempt" after "close", without a new "open"'],
  ["an ack after close", [open, attempt(0), doubt(0), close, ack(0)], '5: "ack" after "close"'],
  ["a failure after close", [open, attempt(0), ack(0), close, failed(0)], '5: "failed" after "close"'],
  ["a second close", [open, close, close], '3: "close" after "close"'],
  ["a close over an open attempt", [open, attempt(0), close], '3: "close", but attempt 1 of sequence 0 of partition 0'],
  ["a partition that is none", [open, attempt(0, 1, { p: 2 })], "2: there is no partition 2, only 2"],
  ["a negative partition", [open, attempt(0, 1, { p: -1 })], "2: there is no partition -1, only 2"],
  [
    "a gap",
    [open, attempt(0), ack(0), attempt(11)],
    "4: expected attempt 1 of sequence 10 of partition 0, not 1 of 11",
  ],
  ["a repetition", [open, attempt(0), ack(0), attempt(0)], "4: expected attempt 1 of sequence 10"],
  ["a batch of nothing", [open, attempt(0, 1, { n: 0 })], "2: attempt of 0 events"],
  ["a negative number of events", [open, attempt(0, 1, { n: -5 })], "2: attempt of -5 events"],
  ["a first attempt that is a second one", [open, attempt(0, 2)], "2: expected attempt 1 of sequence 0"],
  ["a next batch while one is in doubt", [open, attempt(0), doubt(0), attempt(10)], "4: attempt of sequence 10, but"],
  [
    "an attempt number left out",
    [open, attempt(0), doubt(0), attempt(0, 3)],
    "4: attempt 3 of the batch at sequence 0",
  ],
  [
    "another size",
    [open, attempt(0), doubt(0), attempt(0, 2, { n: 9 })],
    "4: the batch at sequence 0 of partition 0 is tried again with",
  ],
  [
    "another time",
    [open, attempt(0), doubt(0), attempt(0, 2, { first_ms: 4 })],
    "4: the batch at sequence 0 of partition 0 is tried",
  ],
  [
    "two attempts at once",
    [open, attempt(0), attempt(0, 2)],
    "3: the batch at sequence 0 of partition 0 is tried again, but",
  ],
  ["an ack without attempt", [open, ack(0)], '2: "ack" of partition 0, sequence 0, without its attempt'],
  ["an ack of another sequence", [open, attempt(0), ack(10)], '3: "ack" of partition 0, sequence 10, without'],
  ["an ack of another size", [open, attempt(0), ack(0, { n: 11 })], '3: "ack" of partition 0, sequence 0: 11 events'],
  ["a negative offset", [open, attempt(0), ack(0, { o: -1 })], "offset -1 is negative"],
  ["two outcomes", [open, attempt(0), ack(0), failed(0)], '4: "failed" of partition 0, sequence 0, without'],
  ["the same outcome twice", [open, attempt(0), ack(0), ack(0)], '4: "ack" of partition 0'],
  ["an ack after doubt", [open, attempt(0), doubt(0), ack(0)], '4: "ack" of partition 0'],
  ["an ack by another process", [open, attempt(0), open, ack(0)], 'a producer before the last "open" made the attempt'],
])("%s is impossible", (_name, records, problem) => {
  const found = problems(records);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(problem);
});

test("goes on after an impossible line, as if it were right", () => {
  expect(problems([open, attempt(20), ack(20), attempt(30), ack(30), close])).toHaveLength(1);
});

test("every line of a closed ledger that is removed, exchanged with the next or repeated is noticed", () => {
  const before = [open, attempt(0), ack(0), attempt(10), doubt(10), attempt(10, 2), ack(10), attempt(20), ack(20)];
  const whole = [...before, ledgerClose(before, 9)];
  for (let at = 0; at < whole.length - 1; at++)
    expect(problems(whole.toSpliced(at, 1)), `line ${at + 1}`).not.toEqual([]);
  for (let at = 0; at + 1 < whole.length; at++) {
    const exchanged = whole.with(at, whole[at + 1] as LedgerRecord).with(at + 1, whole[at] as LedgerRecord);
    expect(problems(exchanged), `lines ${at + 1} and ${at + 2}`).not.toEqual([]);
    const twice = whole.toSpliced(at, 0, whole[at] as LedgerRecord);
    expect(problems(twice), `line ${at + 1} twice`).not.toEqual([]);
  }
});

test.each(["lines", "attempts", "acknowledged", "failed", "indeterminate"] as const)(
  "a close with another total of %s is impossible",
  (name) => {
    const before = [open, attempt(0), ack(0), attempt(10), failed(10), attempt(20), doubt(20)];
    const right = ledgerClose(before, 9);
    expect(right).toEqual({
      t: "close",
      lines: 7,
      attempts: 3,
      acknowledged: 10,
      failed: 10,
      indeterminate: 1,
      at_ms: 9,
    });
    const wrong = problems([...before, { ...right, [name]: right[name] + 1 }]);
    expect(wrong).toEqual([
      `8: "close" says ${name} ${right[name] + 1}, but the lines before it come to ${right[name]}`,
    ]);
  },
);

test("after a line that could not be read, totals are not judged", () => {
  const grammar = new LedgerGrammar();
  grammar.apply(open);
  grammar.miss();
  expect([grammar.tally.lines, grammar.apply(ledgerClose([open], 9))]).toEqual([2, undefined]);
});
