import { describe, expect, test } from "vitest";
import { LedgerTally } from "../../contract/ledger-tally.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { ProducerStatus } from "../../contract/run.ts";
import { parseRun } from "../../contract/run.ts";
import { ledgerRecords, statusOf, wholeRun } from "./fixture/run-directory.ts";
import { LedgerWatch } from "./ledger-watch.ts";
import type { RunEvidence } from "./run-evidence.ts";

const run = parseRun(wholeRun().run, "run.json");
const LINES = ledgerRecords();
const END = LINES.at(-1)!;
const NOW_MS = END.at_ms + 1000;
const NO_EVIDENCE: RunEvidence = { run: undefined, plan: undefined, status: undefined, samples: [], problems: [] };

type How = { evidence?: Partial<RunEvidence>; nowMs?: number; isIncomplete?: boolean };
/** What is said of a ledger with these lines; its last whole line has the checksum of the status. */
function told(lines: readonly LedgerRecord[], { evidence = {}, nowMs = NOW_MS, isIncomplete = false }: How): string[] {
  const watch = new LedgerWatch({ ...NO_EVIDENCE, ...evidence }, nowMs);
  const tally = new LedgerTally();
  const crc = Number.parseInt(evidence.status?.ledger.crc ?? "0", 16);
  for (const line of lines) {
    tally.add(line);
    watch.add(line, { tally, crc, isIncomplete });
  }
  return watch.finish({ tally, crc, isIncomplete });
}
const withStatus = (changed: Partial<ProducerStatus>, lines = LINES, how: How = {}) =>
  told(lines, { ...how, evidence: { status: { ...statusOf(LINES, "done"), ...changed } } });

const shifted = (ms: number, from = 0) =>
  LINES.map((line, at) => (at < from ? line : { ...line, at_ms: line.at_ms + ms }));
const created = (ms: number) => ({ evidence: { run: { ...run, created_ms: LINES[0]!.at_ms + ms } } });

const sample = (ms: number, attempted: number) => ({ at_ms: END.at_ms + ms, attempted, acknowledged: 0, faults: [] });

test("a ledger that nothing contradicts", () => {
  expect(told(LINES, {})).toEqual([]);
  expect(told(LINES, { evidence: { run } })).toEqual([]);
  expect(withStatus({})).toEqual([]);
});

describe("times", () => {
  test("no line is more than 10 s before the run was created", () => {
    expect(told(LINES, created(10_000))).toEqual([]);
    expect(told(LINES.slice(0, 1), created(10_001))).toEqual(["ledger line 1: its time is before the run was created"]);
  });

  test("no line is more than 10 s in the future", () => {
    expect(told(LINES, { nowMs: END.at_ms - 10_000 })).toEqual([]);
    expect(told(LINES, { nowMs: END.at_ms - 10_001 })).toEqual(["ledger line 15: its time is in the future"]);
  });

  test("of several lines of one time, the first is named", () => {
    expect(told([END, END], { nowMs: END.at_ms - 10_001 })).toEqual(["ledger line 1: its time is in the future"]);
  });

  test("without another time, it is now", () => {
    const watch = new LedgerWatch(NO_EVIDENCE);
    const tally = new LedgerTally();
    const later = { ...LINES[0]!, at_ms: Date.now() + 60_000 };
    tally.add(later);
    watch.add(later, { tally, crc: 0, isIncomplete: false });
    expect(watch.finish({ tally, crc: 0, isIncomplete: false })).toHaveLength(1);
  });

  test("a clock may be corrected by 10 s, not more", () => {
    const back = LINES[2]!.at_ms - LINES[3]!.at_ms;
    expect(told(shifted(back - 10_000, 3).slice(0, 4), {})).toEqual([]);
    expect(told(shifted(back - 10_001, 3).slice(0, 4), {})).toEqual([
      "ledger line 4: its time is 10001 ms before that of an earlier line",
    ]);
  });

  test("a line is held against the latest line before it, not only the last one", () => {
    const [first, second, third] = [0, -6000, -12_000].map((ms, at) => ({ ...LINES[at]!, at_ms: END.at_ms + ms }));
    expect(told([first!, second!], {})).toEqual([]);
    expect(told([first!, second!, third!], {})).toEqual([
      "ledger line 3: its time is 12000 ms before that of an earlier line",
    ]);
  });
});

describe("the producer's status", () => {
  const producing = (upTo: number, changed: Partial<ProducerStatus> = {}): How => ({
    evidence: { status: { ...statusOf(LINES.slice(0, upTo), "producing"), ...changed } },
  });

  test("the ledger may be further than it, if the producer was killed", () => {
    expect(told(LINES, producing(4))).toEqual([]);
    expect(told(LINES.slice(0, 4), producing(4))).toEqual([]);
  });

  test("the ledger can't be behind it", () => {
    expect(told(LINES.slice(0, 3), producing(4))).toEqual([
      "the ledger's end is cut off: it has 3 lines, but producer-status.json says that 4 were on disk",
    ]);
  });

  test("after the last line of a producer that was done, only another producer writes", () => {
    const again = { ...(LINES[6] as LedgerRecord & { t: "open" }), at_ms: END.at_ms };
    expect(withStatus({}, [...LINES, again])).toEqual([]);
    const goesOn = "the ledger goes on after line 15, but producer-status.json says that the producer was done there";
    expect(withStatus({}, [...LINES, { ...LINES[1]!, at_ms: END.at_ms }])).toEqual([goesOn]);
    expect(withStatus({}, [...LINES, again, { ...LINES[1]!, at_ms: END.at_ms }])).toEqual([goesOn]);
  });

  test("a producer that was done has closed its ledger", () => {
    expect(told(LINES.slice(0, 4), { evidence: { status: statusOf(LINES.slice(0, 4), "done") } })).toEqual([
      `producer-status.json says done at ledger line 4, but that line is "ack"`,
    ]);
  });

  test("the line that it tells of has its checksum", () => {
    const [tally, watch] = [
      new LedgerTally(),
      new LedgerWatch({ ...NO_EVIDENCE, status: statusOf(LINES, "done") }, NOW_MS),
    ];
    for (const line of LINES) {
      tally.add(line);
      watch.add(line, { tally, crc: 1, isIncomplete: false });
    }
    expect(watch.finish({ tally, crc: 1, isIncomplete: false })).toEqual([
      "producer-status.json has another checksum at ledger line 15: these are not the lines that the producer wrote",
    ]);
  });

  test("its process is the one that wrote the line, not one before", () => {
    expect(withStatus({ pid: 11 })).toEqual([
      "producer-status.json is of process 11, but process 12 wrote ledger line 15",
    ]);
  });

  const ODD_TIME = "producer-status.json has a time before ledger line 15 was written, or in the future";
  test.each([
    [END.at_ms - 10_000, []],
    [END.at_ms - 10_001, [ODD_TIME]],
    // 10 s for the clock of the status, and 10 s for that of the ledger.
    [NOW_MS + 20_000, []],
    [NOW_MS + 20_001, [ODD_TIME]],
  ])("its time %i is not before the line, and not in the future", (atMs, problems) => {
    expect(withStatus({ at_ms: atMs })).toEqual(problems);
  });

  const { partitions, attempted } = statusOf(LINES, "done");
  const other = { attempted: attempted + 1, acknowledged: 1, indeterminate: 1, last_ack_ms: 1 };
  test.each(Object.entries(other))("it counts what the ledger has: %s", (name, value) => {
    const [problem, ...more] = withStatus({ [name]: value });
    expect(more).toEqual([]);
    expect(problem).toMatch(
      new RegExp(`^producer-status.json says ${name} ${value} at ledger line 15, but the ledger has \\d+$`),
    );
  });

  test("the figures of the ledger are these", () => {
    const zero = { attempted: 0, acknowledged: 0, indeterminate: 0, last_ack_ms: 0 };
    expect(withStatus(zero).map((text) => text.replace("producer-status.json says ", ""))).toEqual([
      "attempted 0 at ledger line 15, but the ledger has 50",
      "acknowledged 0 at ledger line 15, but the ledger has 30",
      "indeterminate 0 at ledger line 15, but the ledger has 10",
      "last_ack_ms 0 at ledger line 15, but the ledger has 1700000020010",
    ]);
  });

  test.each<[string, ProducerStatus["partitions"], string]>([
    ["next_sequence", partitions.with(1, { ...partitions[1]!, next_sequence: 9 }), "next_sequence, last_ack_ms"],
    ["last_ack_ms", partitions.with(1, { ...partitions[1]!, last_ack_ms: 9 }), "next_sequence, last_ack_ms"],
    ["number", partitions.with(1, { ...partitions[1]!, partition: 9 }), "number"],
  ])("it tells of each partition what the ledger has: %s", (_, changed, name) => {
    const found = withStatus({ partitions: changed });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`producer-status.json says partitions (${name}) [`);
  });

  test("if lines before could not be read, only its figures are not compared", () => {
    const how = { isIncomplete: true };
    expect(withStatus(other, LINES, how)).toEqual([]);
    expect(withStatus({ pid: 11 }, LINES, how)).toHaveLength(1);
  });
});

describe("samples", () => {
  test("the ledger has at least what they say", () => {
    expect(told(LINES, { evidence: { samples: [sample(0, 50)] } })).toEqual([]);
    expect(told(LINES, { evidence: { samples: [sample(0, 51)] } })).toEqual([
      expect.stringContaining("samples.ndjson says attempted 51"),
    ]);
    // At the time of the first lines.
    expect(told(LINES, { evidence: { samples: [sample(-55_000, 50)] } })).toEqual([
      expect.stringContaining("samples.ndjson says attempted 50"),
    ]);
  });

  test("if lines could not be read, nothing is counted", () => {
    expect(told(LINES, { evidence: { samples: [sample(0, 51)] }, isIncomplete: true })).toEqual([]);
  });
});
