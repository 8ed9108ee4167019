import { describe, expect, test } from "vitest";
import { journalClose, ledgerClose } from "../../contract/fixture/close.ts";
import { JOURNAL_VERSION, type JournalRecord } from "../../contract/journal.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import { encodeLog } from "../../contract/log-line.ts";
import {
  journalRecords,
  ledgerRecords,
  plan,
  planText,
  problemsOf,
  type RunTexts,
  statusOf,
  twoPlans,
  wholeRun,
} from "./fixture/run-directory.ts";

const whole = wholeRun();
const LOGS = ["ledger", "journal"] as const;
const recordsOf = { ledger: ledgerRecords(), journal: journalRecords() };
const linesOf = (text: string) => text.split(/(?<=\n)/);

/** All leaves of a record: the path to each, and the record with that leaf changed. */
function changes(record: object): [string, object][] {
  return Object.entries(record).flatMap(([name, value]: [string, unknown]): [string, object][] => {
    if (name === "t" || value === null) return [];
    if (typeof value === "object")
      return changes(value).map(([path, changed]) => [
        `${name}.${path}`,
        { ...record, [name]: Array.isArray(value) ? Object.values(changed) : changed },
      ]);
    const changed = typeof value === "number" ? value + 1 : typeof value === "boolean" ? !value : `${value as string}x`;
    return [[name, { ...record, [name]: changed }]];
  });
}

describe("what is fine", () => {
  const killed = ledgerRecords().slice(0, 6);
  test.each<[string, RunTexts]>([
    ["a whole run", whole],
    ["ledger and journal alone", { ledger: whole.ledger, journal: whole.journal }],
    ["no chaos at all", { ...whole, plan: undefined, journal: undefined, samples: undefined }],
    ["a journal without a line", { ...whole, plan: undefined, journal: "", samples: undefined }],
    ["two plans in one journal", { ...whole, journal: encodeLog(twoPlans()), samples: undefined }],
    [
      "a killed producer: the ledger is further than the status, and its last line is torn",
      {
        ...whole,
        ledger: `${encodeLog(killed)}{"t":"ack","p`,
        samples: undefined,
        producerStatus: JSON.stringify(statusOf(killed.slice(0, 4), "producing")),
      },
    ],
    [
      "a producer that died right after it was started again",
      {
        ...whole,
        ledger: encodeLog([
          ...recordsOf.ledger,
          { ...(recordsOf.ledger[6] as LedgerRecord), at_ms: 1_700_000_070_000 },
        ]),
      },
    ],
    [
      "an engine that died before it could write its plan",
      { ...whole, journal: encodeLog(diedAtOnce()), samples: undefined },
    ],
    [
      "a torn line in the samples",
      { ...whole, samples: `${whole.samples}{"version":1,"at\n${linesOf(whole.samples).at(-1)}` },
    ],
  ])("%s", async (_, texts) => expect(await problemsOf(texts)).toEqual([]));
});

function diedAtOnce(): JournalRecord[] {
  const last = journalRecords();
  const open: JournalRecord = {
    ...(last[0] as JournalRecord & { t: "open" }),
    plan_sha256: "other",
    at_ms: 1_700_000_070_000,
  };
  return [...last, open, journalClose([...last, open], 1_700_000_071_000)];
}

describe.each(LOGS)("with all files there, the %s shows", (log) => {
  const lines = linesOf(whole[log]);
  const found = (changed: string[]) => problemsOf({ ...whole, [log]: changed.join("") });
  const all = lines.map((line, at) => [at + 1, line.slice(0, 40)] as const);

  test.each(all)("that line %i was removed: %s", async (number) =>
    expect(await found(lines.toSpliced(number - 1, 1))).not.toEqual([]),
  );
  test.each(all)("that line %i was repeated: %s", async (number) =>
    expect(await found(lines.toSpliced(number, 0, lines[number - 1] as string))).not.toEqual([]),
  );
  test.each(all.slice(1))("that line %i was exchanged with the one before: %s", async (number) => {
    const [before, line] = lines.slice(number - 2, number) as [string, string];
    expect(await found(lines.with(number - 1, before).with(number - 2, line))).not.toEqual([]);
  });
  test.each(all.slice(1))("that it was cut off before line %i: %s", async (number) =>
    expect(await found(lines.slice(0, number - 1))).not.toEqual([]),
  );
  test.each(all.slice(1))("that it was cut off within line %i: %s", async (number, line) =>
    expect(await found([...lines.slice(0, number - 1), line.slice(0, 20)])).not.toEqual([]),
  );
  test("that its first lines were cut off", async () => expect(await found(lines.slice(2))).not.toEqual([]));
});

test.each(LOGS)(
  "a member of the %s that was changed, with its line's checksum made to fit again, is noticed",
  async (log) => {
    const [lines, records] = [linesOf(whole[log]), recordsOf[log]];
    for (const [at, record] of records.entries())
      for (const [path, changed] of changes(record)) {
        const line = linesOf(encodeLog([...records.slice(0, at), changed]))[at] as string;
        const found = await problemsOf({ ...whole, [log]: lines.with(at, line).join("") });
        expect(found, `line ${at + 1}: ${path}`).not.toEqual([]);
      }
  },
);

/** Names of what was changed without a word from the validator, with the whole chain and all totals recomputed. */
async function unnoticed(log: "ledger" | "journal", texts: RunTexts): Promise<string[]> {
  const records = recordsOf[log].slice(0, -1);
  const found: string[] = [];
  for (const [at, record] of records.entries())
    for (const [path, changed] of changes(record)) {
      const forged = records.with(at, changed as never);
      const text = log === "ledger" ? closedLedger(forged as LedgerRecord[]) : closedJournal(forged as JournalRecord[]);
      if ((await problemsOf({ ...texts, [log]: text })).length === 0) found.push(`${record.t}.${path}`);
    }
  return [...new Set(found)].toSorted();
}
function closedLedger(records: LedgerRecord[]): string {
  return encodeLog([...records, ledgerClose(records, recordsOf.ledger.at(-1)?.at_ms ?? 0)]);
}
function closedJournal(records: JournalRecord[]): string {
  return encodeLog([...records, journalClose(records, recordsOf.journal.at(-1)?.at_ms ?? 0)]);
}

describe("somebody who recomputes the whole chain and all totals", () => {
  test("is noticed by the producer's status", async () => {
    expect(await unnoticed("ledger", whole)).toEqual([]);
  });

  test("can change what nothing else tells of, if there is no status", async () => {
    expect(await unnoticed("ledger", { ...whole, producerStatus: undefined })).toEqual([
      "ack.at_ms",
      "ack.o",
      "attempt.at_ms",
      "attempt.first_ms",
      "attempt.last_ms",
      "failed.at_ms",
      "failed.why",
      "indeterminate.at_ms",
      "indeterminate.why",
      "open.at_ms",
      "open.pid",
    ]);
  });

  test("can change in the journal what neither plan nor samples tell of", async () => {
    expect(await unnoticed("journal", whole)).toEqual([
      "active.at_ms",
      "active.effective",
      "active.proof",
      "failed.at_ms",
      "failed.why",
      "healed.at_ms",
      "healed.proof",
      "open.at_ms",
      "open.process.boot_id",
      "open.process.pid",
      "open.process.start_ticks",
      "planned.at_ms",
      "planned.undo.release",
      "recovered.at_ms",
    ]);
  });

  test.each<[string, JournalRecord[], RegExp]>([
    ["adds a fault", addedFault(), /fault 4 is more than the plan has|not fault 4 of the plan/],
    ["takes a fault's effect away", withoutEffect(), /saw fault 1 active/],
    ["moves a fault", moved(-8_000), /before its plan's time/],
    ["moves a fault away from the samples", moved(15_000), /saw fault 1 active/],
    [
      "leaves out a fault",
      journalRecords()
        .slice(0, -1)
        .filter((line) => !("id" in line) || line.id !== 1),
      /saw fault 1 active/,
    ],
    ["says more of a fault than was", strongerFault(), /no sample of that time/],
  ])("%s in the journal: noticed", async (_, records, problem) => {
    const before = records.filter(({ t }) => t !== "close");
    expect((await problemsOf({ ...whole, journal: closedJournal(before) })).join("\n")).toMatch(problem);
  });

  test("adds or removes batches of the ledger: noticed by the samples alone", async () => {
    const texts = { ...whole, producerStatus: undefined };
    const without = recordsOf.ledger.slice(0, -1).filter((line) => !("p" in line) || line.p !== 1);
    expect((await problemsOf({ ...texts, ledger: closedLedger(without) })).join("\n")).toContain("samples.ndjson says");
  });
});

function addedFault(): JournalRecord[] {
  const before = journalRecords().slice(0, -1);
  const again = before.slice(1, 5) as (JournalRecord & { id: number })[];
  const times = { at_ms: 1_700_000_061_100 };
  return [
    ...before,
    ...again.map((line) => ({
      ...line,
      id: 4,
      ...times,
      ...(line.t === "planned" && { fault: { ...line.fault, id: 4 } }),
    })),
  ] as JournalRecord[];
}
function withoutEffect(): JournalRecord[] {
  return journalRecords()
    .filter((line) => line.t !== "recovered")
    .map((line) => (line.t === "active" ? { ...line, effective: false } : line));
}
function moved(ms: number): JournalRecord[] {
  return journalRecords()
    .slice(0, -1)
    .filter((line) => !("id" in line) || line.id === 1)
    .map((line) =>
      "id" in line ? { ...line, at_ms: line.at_ms + ms } : { ...line, at_ms: line.at_ms - 10_000 + Math.max(0, -ms) },
    );
}
function strongerFault(): JournalRecord[] {
  return journalRecords()
    .slice(0, 8)
    .map((line) => {
      if (line.t === "active" && line.id === 2) return { ...line, effective: true };
      return line.t === "healed" && line.id === 2 ? { ...line, at_ms: line.at_ms + 17_000 } : line;
    });
}

describe("the other files", () => {
  const LEFT: Partial<Record<keyof RunTexts, string[]>> = {
    // A millisecond more is in the same second.
    run: ["created_ms", "versions.kafka"],
    plan: [],
    producerStatus: ["at_ms", "backlog", "throttled"],
  };
  test.each(["run", "plan", "producerStatus"] as const)(
    "each member of %s is held against ledger or journal",
    async (file) => {
      const left: string[] = [];
      for (const [path, changed] of changes(JSON.parse(whole[file]) as object))
        if ((await problemsOf({ ...whole, [file]: JSON.stringify(changed) })).length === 0) left.push(path);
      expect(left).toEqual(LEFT[file]);
    },
  );

  test.each<[string, RunTexts, string]>([
    ["a status that is no status", { ...whole, producerStatus: "{}" }, "producer-status.json: version (missing)"],
    ["a plan that is no plan", { ...whole, plan: "x" }, "FL_PLAN_INVALID"],
    [
      "the plan of another run",
      { ...whole, plan: planText({ ...plan, seed: 1 }) },
      "is not the plan of the fault journal",
    ],
    [
      "a plan, but no journal",
      { ...whole, journal: undefined, samples: undefined },
      "is not the plan of the fault journal",
    ],
    ["samples of faults, but no journal", { ...whole, journal: undefined, plan: undefined }, "saw fault 1 active"],
    ["a journal of another run", { ...whole, journal: otherRun() }, "the fault journal is of run 7"],
    ["a sample with more than the ledger", { ...whole, samples: sampleWith({ acknowledged: 31 }) }, "acknowledged 31"],
    ["a sample with more attempts", { ...whole, samples: sampleWith({ attempted: 51 }) }, "attempted 51"],
    ["a sample with a fault that is none", { ...whole, samples: sampleWith({ faults: [9] }) }, "saw fault 9 active"],
    ["a sample with a fault long healed", { ...whole, samples: sampleWith({ faults: [1] }) }, "saw fault 1 active"],
    [
      "a sample with less than before",
      { ...whole, samples: sampleWith({ acknowledged: 1 }) },
      "acknowledged goes down",
    ],
  ])("%s", async (_, texts, problem) => {
    expect((await problemsOf(texts)).join("\n")).toContain(problem);
  });

  test("a ledger that goes on after the producer was done", async () => {
    const [open, attempt] = [recordsOf.ledger[6], recordsOf.ledger[12]] as [
      LedgerRecord,
      LedgerRecord & { t: "attempt" },
    ];
    const more = [open, { ...attempt, p: 3 }, { ...attempt, t: "failed", p: 3, why: "" } as LedgerRecord];
    const later = more.map((line) => ({ ...line, at_ms: 1_700_000_060_001 }));
    expect((await problemsOf({ ...whole, ledger: encodeLog([...recordsOf.ledger, ...later]) })).join("\n")).toContain(
      "the ledger goes on after line 15",
    );
  });
});

function otherRun(): string {
  return encodeLog(
    journalRecords().map((line) => (line.t === "open" ? { ...line, run: 7, version: JOURNAL_VERSION } : line)),
  );
}
function sampleWith(more: object): string {
  const lines = linesOf(whole.samples);
  return lines
    .with(lines.length - 1, `${JSON.stringify({ ...(JSON.parse(lines.at(-1) as string) as object), ...more })}\n`)
    .join("");
}
