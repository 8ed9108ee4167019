import { expect, test } from "vitest";
import type { JournalRecord } from "../../contract/journal.ts";
import { sampleFaultProblems } from "./check-samples.ts";
import { journalRecords } from "./fixture/run-directory.ts";

const [open, planned, active, healed] = journalRecords() as [
  JournalRecord,
  JournalRecord & { t: "planned" },
  JournalRecord & { t: "active" },
  JournalRecord & { t: "healed" },
];
const PROBED_MS = active.at_ms;
const HEALED_MS = healed.at_ms;
const sample = (atMs: number, ...faults: number[]) => ({ at_ms: atMs, attempted: 0, acknowledged: 0, faults });
/** Two samples from the middle of the fault. */
const SEEN = [sample(PROBED_MS + 6000, 1), sample(PROBED_MS + 7000, 1)];
const told = (samples: ReturnType<typeof sample>[], journal = journalRecords()) =>
  sampleFaultProblems(samples, journal);
const ACTIVE = "samples.ndjson saw fault 1 active at a time when the fault journal has no such fault active";
const UNSEEN = "the fault journal has fault 1 active, but no sample of that time in samples.ndjson saw it";

test("samples that saw what the journal has", () => {
  expect(told(SEEN)).toEqual([]);
  expect(told([])).toEqual([]);
});

test.each([
  ["5 s before its effect", PROBED_MS - 5000, true],
  ["less than 5 s before its effect", PROBED_MS - 4999, false],
  ["less than 5 s after it was healed", HEALED_MS + 4999, false],
  ["5 s after it was healed", HEALED_MS + 5000, true],
])("a fault that is seen %s", (_, atMs, isProblem) => {
  expect(told([...SEEN, sample(atMs, 1)])).toEqual(isProblem ? [ACTIVE] : []);
});

test("a fault that is never healed may be seen at any time after", () => {
  expect(told([sample(HEALED_MS + 60_000, 1)], [open, planned, active])).toEqual([]);
});

test.each<[string, JournalRecord[]]>([
  ["has no effect yet", [open, planned]],
  ["had no effect", [open, planned, { ...active, effective: false }, healed]],
  ["is not in the journal", [open]],
])("a fault that %s can't be seen", (_, journal) => {
  expect(told([sample(PROBED_MS + 6000, 1), sample(PROBED_MS + 7000, 1)], journal)).toEqual([ACTIVE]);
});

test("each fault of a sample is looked for", () => {
  expect(told([sample(PROBED_MS + 6000, 1, 9), sample(PROBED_MS + 7000, 1, 8)])).toEqual([
    ACTIVE.replace("1", "9"),
    ACTIVE.replace("1", "8"),
  ]);
});

test("a fault that no sample of its time saw is named; a single sample may have missed it", () => {
  const [first, second] = SEEN.map(({ at_ms }) => sample(at_ms));
  expect(told([first!, second!])).toEqual([UNSEEN]);
  expect(told([first!, second!, sample(PROBED_MS + 8000, 1)])).toEqual([]);
  expect(told([first!])).toEqual([]);
});

test.each([
  ["samples of the first 5 s may be too early", [PROBED_MS + 4999, PROBED_MS + 5000, PROBED_MS + 5001], false],
  ["after 5 s they count", [PROBED_MS + 5001, PROBED_MS + 5002], true],
  ["samples of the last 5 s may be too late", [HEALED_MS - 5001, HEALED_MS - 5000, HEALED_MS - 4999], false],
  ["up to 5 s before the end they count", [HEALED_MS - 5002, HEALED_MS - 5001], true],
])("%s", (_, times, isProblem) => {
  expect(told(times.map((atMs) => sample(atMs)))).toEqual(isProblem ? [UNSEEN] : []);
});

test.each<[string, JournalRecord[]]>([
  ["had no effect", [open, planned, { ...active, effective: false }, healed]],
  ["was never proved to have one", [open, planned, healed]],
  ["is not healed yet", [open, planned, active]],
])("a fault that %s need not be seen", (_, journal) => {
  expect(
    told(
      SEEN.map(({ at_ms }) => sample(at_ms)),
      journal,
    ),
  ).toEqual([]);
});
