import { expect, test } from "vitest";
import type { LedgerOpen } from "../../contract/ledger.ts";
import { parseRun, type Run } from "../../contract/run.ts";
import { journalRunProblems, runFileProblems } from "./check-run.ts";
import { journalRecords, ledgerRecords, wholeRun } from "./fixture/run-directory.ts";

const run = parseRun(wholeRun().run, "run.json");
const open = ledgerRecords()[0] as LedgerOpen;
const told = (changed: Partial<Run>, of: Partial<LedgerOpen> = {}) =>
  runFileProblems({ ...run, ...changed }, { ...open, ...of });
const BEGAN = "run.json is not what the run began with: ";

test("run.json and the ledger say the same", () => {
  expect(told({})).toEqual([]);
});

test.each<[Partial<Run>, string]>([
  [{ seed: 7 }, "seed is 7, but in the ledger 42"],
  [{ malformed_ppm: 1 }, "malformed_ppm is 1, but in the ledger 100"],
  [{ pipeline_sha256: "x" }, `pipeline_sha256 is "x", but in the ledger "${open.pipeline_sha256}"`],
])("%j is another run", (changed, problem) => {
  expect(told(changed)).toEqual([BEGAN + problem]);
});

test("another run number or pipeline contradicts the ledger, the time and the id", () => {
  expect(told({ run: 7 })).toEqual([
    `${BEGAN}run is 7, but in the ledger 1700000000`,
    `${BEGAN}run is 7, but created_ms is in second 1700000000`,
  ]);
  expect(told({ pipeline: "sensors" })).toEqual([
    `${BEGAN}pipeline is "sensors", but in the ledger "payments"`,
    `${BEGAN}id is "20231114T221320Z-payments", but created_ms and pipeline make it "20231114T221320Z-sensors"`,
  ]);
});

test("the run is the second in which it was created", () => {
  expect(told({ created_ms: run.created_ms + 999 })).toEqual([]);
  expect(told({ created_ms: run.created_ms + 1000 })).toContain(
    `${BEGAN}run is 1700000000, but created_ms is in second 1700000001`,
  );
});

test.each<[string, boolean]>([
  ["20231114T221320Z-payments", true],
  ["20231114T221320Z-payments-2", true],
  ["20231114T221320Z-payments-12", true],
  ["20231114T221320Z-payments-", false],
  ["20231114T221320Z-payments-x2", false],
  ["20231114T221320Z-payments-2x", false],
  ["20231114T221320Z-payments2", false],
  ["20231114T221320Z-paymentsx2", false],
  ["20231114T221321Z-payments", false],
  ["12", false],
])("a run directory is named by its time and pipeline: %s", (id, isFine) => {
  expect(told({ id })).toHaveLength(isFine ? 0 : 1);
});

test("a journal of another run is named, whichever of its engines it is of", () => {
  const journal = journalRecords();
  expect(journalRunProblems(journal, open)).toEqual([]);
  expect(journalRunProblems([], open)).toEqual([]);
  const other = journal.map((record) => (record.t === "open" ? { ...record, run: 7 } : record));
  const problem = ["the fault journal is of run 7, but the ledger is of run 1700000000"];
  expect(journalRunProblems(other, open)).toEqual(problem);
  expect(journalRunProblems([...journal, ...other], open)).toEqual(problem);
});
