import { expect, test } from "vitest";
import type { JournalRecord } from "../../contract/journal.ts";
import type { Plan, PlannedFault } from "../../contract/plan.ts";
import { planProblems } from "./check-plan.ts";
import { journalRecords, plan, twoPlans } from "./fixture/run-directory.ts";

const [open, planned] = journalRecords() as [JournalRecord & { t: "open" }, JournalRecord & { t: "planned" }];
const SUM = open.plan_sha256;
const BEGAN_MS = open.at_ms;

/** What a plan says against a journal of one fault, or of these lines. */
function told(lines: JournalRecord[], of: Partial<Plan> = {}, sha256 = SUM): string[] {
  return planProblems({ plan: { ...plan, ...of }, sha256 }, lines);
}
const line = (changed: Partial<typeof planned>): JournalRecord[] => [open, { ...planned, ...changed }];
const fault = (changed: Partial<PlannedFault>): PlannedFault => ({ ...planned.fault, ...changed });
const failed = (id: number): JournalRecord => ({ t: "failed", id, why: "no time", at_ms: BEGAN_MS });
const CONTRADICTS = "the fault journal contradicts plan.json: ";
const OTHER = `plan.json is not the plan of the fault journal's last engine: its SHA-256 is other`;

test("a journal of this plan fits, and so does one of two plans", () => {
  expect(told(journalRecords())).toEqual([]);
  expect(told(twoPlans())).toEqual([]);
  expect(told(line({}))).toEqual([]);
});

test("without a plan file, nothing but times is said", () => {
  expect(planProblems(undefined, line({ fault: fault({ hold_ms: 1 }) }))).toEqual([]);
  expect(planProblems(undefined, line({ at_ms: BEGAN_MS - 1 }))).toEqual([
    "the fault journal has fault 1 2001 ms before its plan's time",
  ]);
});

test("a fault may come late, and 2 s early; not more", () => {
  const dueMs = BEGAN_MS + planned.fault.at_ms;
  expect(told(line({ at_ms: dueMs + 60_000 }))).toEqual([]);
  expect(told(line({ at_ms: dueMs - 2000 }))).toEqual([]);
  expect(told(line({ at_ms: dueMs - 2001 }))).toEqual(["the fault journal has fault 1 2001 ms before its plan's time"]);
});

test("each engine's faults are held against its own beginning", () => {
  const later = { ...open, at_ms: BEGAN_MS + 100_000 };
  const again = { ...planned, id: 2, at_ms: later.at_ms };
  expect(told([open, planned, later, again])).toEqual([]);
  expect(told([open, planned, later, { ...again, at_ms: later.at_ms - 1 }])).toEqual([
    "the fault journal has fault 2 2001 ms before its plan's time",
  ]);
});

test.each<[string, JournalRecord[], Partial<Plan>, string]>([
  ["another seed", line({}), { seed: 1 }, "seed 99, in the plan 1"],
  ["another number of faults", line({}), { faults: plan.faults.slice(0, 2) }, "3 faults, in the plan 2"],
  ["a fault held longer", line({ fault: fault({ hold_ms: 1 }) }), {}, "fault 1 is not fault 1 of the plan"],
  [
    "a fault that the plan does not have",
    line({ id: 7, fault: fault({ id: 9 }) }),
    {},
    "fault 7 is not fault 9 of the plan",
  ],
  ["another node than the plan names", line({ node: "kafka-1" }), {}, "fault 1 struck kafka-1, not kafka-2"],
  ["an outcome of no fault", [...line({}), failed(4)], {}, "fault 4 is not in the plan"],
])("the journal has %s", (_, lines, of, problem) => {
  expect(told(lines, of)).toEqual([CONTRADICTS + problem]);
});

const struck = (target: PlannedFault["target"], node: string) => {
  const other = fault({ target });
  return told(line({ node, fault: other }), { faults: [other, ...plan.faults.slice(1)] });
};

test("who had a role when it was struck, only the run knows", () => {
  expect(struck({ role: "leader", partition: 1 }, "kafka-3")).toEqual([]);
});

test("an executor is struck where the plan names it", () => {
  expect(struck({ executor_of: "spark-worker-1" }, "spark-worker-1")).toEqual([]);
  expect(struck({ executor_of: "spark-worker-1" }, "spark-worker-2")).toEqual([
    `${CONTRADICTS}fault 1 struck spark-worker-2, not spark-worker-1`,
  ]);
});

test("a fault that was never begun is in the plan by its place behind the faults before", () => {
  expect(told([open, failed(3)])).toEqual([]);
  expect(told([open, failed(4)])).toEqual([`${CONTRADICTS}fault 4 is not in the plan`]);
  // The engine before had the ids up to 1, so this one's faults have 2 more.
  const former: JournalRecord = { ...open, plan_sha256: "before" };
  expect(told([former, planned, open, failed(5)])).toEqual([]);
  expect(told([former, planned, open, failed(6)])).toEqual([`${CONTRADICTS}fault 6 is not in the plan`]);
  expect(told([former, planned, open, failed(2)])).toEqual([`${CONTRADICTS}fault 2 is not in the plan`]);
});

test("a fault's later lines are those of the fault that was begun under their id", () => {
  const seven = { ...planned, id: 7 };
  expect(told([open, seven, { ...failed(7) }])).toEqual([]);
  expect(told([open, seven, { ...failed(8) }])).toEqual([`${CONTRADICTS}fault 8 is not in the plan`]);
});

test("lines before any engine began are nobody's", () => {
  expect(told([planned, open])).toEqual([]);
});

test("the id of a fault that failed before it began counts, too", () => {
  const former: JournalRecord = { ...open, plan_sha256: "before" };
  expect(told([former, failed(4), failed(1), open, { ...planned, id: 6 }, failed(8)])).toEqual([]);
});

test("the plan file must be that of the last engine that struck", () => {
  expect(told(line({}), {}, "other")).toEqual([OTHER]);
  const later: JournalRecord = { ...open, plan_sha256: "other" };
  expect(told([open, planned, later, { ...planned, id: 3 }])).toEqual([
    `plan.json is not the plan of the fault journal's last engine: its SHA-256 is ${SUM}`,
  ]);
  // An engine that died before its first fault may have written its plan, or not yet.
  expect(told([open, planned, later])).toEqual([]);
  expect(told([open, planned, later], {}, "other")).toEqual([]);
});

test("a journal without a fault has the plan of one of its engines", () => {
  expect(told([open])).toEqual([]);
  expect(told([{ ...open, plan_sha256: "first" }, open], {}, "first")).toEqual([]);
  expect(told([], {}, "other")).toEqual([OTHER]);
});

test("times are told beside the rest", () => {
  expect(told(line({ at_ms: BEGAN_MS - 1 }), {}, "other")).toHaveLength(2);
  expect(told(line({ at_ms: BEGAN_MS - 1, node: "kafka-1" }))).toHaveLength(2);
});
