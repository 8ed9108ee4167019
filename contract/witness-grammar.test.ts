import { expect, test } from "vitest";
import { encodeLog } from "./log-line.ts";
import { WitnessGrammar, type WitnessScope } from "./witness-grammar.ts";
import { type WitnessRecord, witnessReader } from "./witness.ts";

const AT_MS = 1_700_000_000_000;
const open = (session: number, run = 7): WitnessRecord => ({
  t: "open",
  version: 1,
  run,
  session,
  pid: 1,
  at_ms: AT_MS,
});
const log = (from: number, to: number, records = to - from): WitnessRecord => ({
  t: "log",
  partition: 0,
  from,
  to,
  records,
  digest: "0123abcd",
  at_ms: AT_MS,
});
const ends = (end: number): WitnessRecord => ({ t: "ends", partition: 0, high_watermark: end, at_ms: AT_MS });
const close = (lines: number): WitnessRecord => ({ t: "close", lines, at_ms: AT_MS });
const rows: WitnessRecord = { t: "rows", partition: 1, from: 0, to: 9, rows: 9, digest: "-12", at_ms: AT_MS };
const totals = (agree: boolean, problems: string[]): WitnessRecord => ({
  t: "totals",
  next_offset: 1,
  rows: 1,
  counted_rows: 1,
  dead_letters: 0,
  counted_dead_letters: 0,
  aggregates: { a: null },
  agree,
  problems,
  at_ms: AT_MS,
});

/** The last line's problem; those before have none. */
function lastProblem(records: readonly WitnessRecord[], scope?: WitnessScope): string | undefined {
  const grammar = new WitnessGrammar(scope);
  const problems = records.map((record) => grammar.apply(record));
  expect(problems.slice(0, -1).filter((problem) => problem !== undefined)).toEqual([]);
  return problems.at(-1);
}

test("what a monitor writes, over several sessions, can stand; and each line can be read", () => {
  const whole = [
    open(1),
    log(0, 5),
    ends(9),
    log(5, 9, 3),
    rows,
    totals(true, []),
    totals(false, ["p0: torn"]),
    close(7),
    open(2),
    log(12, 14), // Kafka has deleted some meanwhile
    ends(3),
    log(3, 4), // the log was cut
    open(3),
    close(13),
  ];
  expect(lastProblem(whole, { run: 7, partitions: 2 })).toBeUndefined();
  const reader = witnessReader();
  const texts = encodeLog(whole).split("\n").slice(0, -1);
  expect(texts.map((line) => reader.read(line))).toEqual(whole);
});

test.each<[string, WitnessRecord[], WitnessScope?]>([
  [`a witness begins with "open", not with "log"`, [log(0, 5)]],
  [`"log" after "close", without a new "open"`, [open(1), close(1), log(0, 5)]],
  ["session 3 after session 1", [open(1), open(3)]],
  [`"open" of run 8, but the file began with run 7`, [open(1), open(2, 8)]],
  [`"open" of run 7, but the ledger is of run 9`, [open(1)], { run: 9 }],
  [`"close" says that 3 lines were before it, but there are 1`, [open(1), close(3)]],
  ["there is no partition 1, only 1", [open(1), rows], { partitions: 1 }],
  ["records of the empty range 5 to 5", [open(1), log(5, 5)]],
  ["6 records of the 5 offsets 0 to 4", [open(1), log(0, 5, 6)]],
  ["offsets of partition 0 from 4 on, but those below 5 were read before", [open(1), log(0, 5), log(4, 7)]],
  [`"totals" agree, but name what disagreed`, [open(1), totals(true, ["x"])]],
  [`"totals" disagree, but do not say how`, [open(1), totals(false, [])]],
  [`the time of "open" is 20000 ms before the run was created`, [open(1)], { fromMs: AT_MS + 20_000 }],
  [`the time of "open" is in the future`, [open(1)], { toMs: AT_MS - 20_000 }],
  [
    `the time of "close" is 100000 ms before that of an earlier line`,
    [open(1), { ...close(1), at_ms: AT_MS - 100_000 }],
  ],
])("%s", (problem, records, scope) => expect(lastProblem(records, scope)).toBe(problem));

const read = (record: object) => witnessReader().read(encodeLog([record]).trimEnd());

test("a record that this version does not have can't be read", () => {
  expect(read({ ...open(1), version: 2 })).toContain("version 2 is not known to this build");
  expect(read({ ...log(0, 5), more: 1 })).toContain("does not know such a record");
  expect(read({ ...log(0, 5), digest: "xyz" })).toContain("does not know such a record");
});
