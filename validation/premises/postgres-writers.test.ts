import { expect, test } from "vitest";
import type { Premise } from "../../contract/verdict.ts";
import { type OutsideRow, outsidePremises, type WriterRow, writerPremises } from "./postgres-writers.ts";

const texts = (premises: Premise[]) =>
  premises.map(({ verdict, name, value }) => `${verdict}: ${name.slice("postgres.".length)} is ${value}`);
const SINK = "faultline-sink 0123abcd p1 g2 payments";
const writer = (pid: number | null, application: string, ...tables: string[]): WriterRow => ({
  pid,
  application,
  tables: tables.length > 0 ? tables : ["payments"],
});

test("no session that has written: nothing can change any more", () => {
  expect(texts(writerPremises([]))).toEqual(["holds: open_transactions is none"]);
});

test.each<[string, WriterRow[], string]>([
  [
    "a session",
    [writer(7, "psql", "payments", "dead_letters")],
    "unknown: open_transactions is session 7 (psql) on payments, dead_letters",
  ],
  ["a session without a name", [writer(7, "")], "unknown: open_transactions is session 7 (no name) on payments"],
  ["a prepared transaction", [writer(null, "")], "unknown: open_transactions is a prepared transaction on payments"],
  // The name is that of the session which prepared it, and that one may be gone.
  [
    "one that the sink prepared",
    [writer(null, SINK)],
    "unknown: open_transactions is a prepared transaction on payments",
  ],
  [
    "several",
    [writer(7, "a"), writer(8, "b")],
    "unknown: open_transactions is session 7 (a) on payments; session 8 (b) on payments",
  ],
  [
    "a name that only has the sink's in it",
    [writer(7, `my ${SINK}`)],
    `unknown: open_transactions is session 7 (my ${SINK}) on payments`,
  ],
  [
    "a sink's name with another writer id",
    [writer(7, "faultline-sink 0123 p1")],
    "unknown: open_transactions is session 7 (faultline-sink 0123 p1) on payments",
  ],
  [
    "a sink's name with a longer writer id",
    [writer(7, "faultline-sink 0123abcde p1")],
    "unknown: open_transactions is session 7 (faultline-sink 0123abcde p1) on payments",
  ],
])("%s may still change rows", (_, rows, expected) => {
  expect(texts(writerPremises(rows))).toEqual([expected]);
});

test("the sink's own sessions are no strangers, but their chunks are not in the snapshot", () => {
  expect(texts(writerPremises([writer(7, SINK), writer(8, SINK)]))).toEqual([
    "holds: open_transactions is none",
    `not-proved: open_transactions.sink is session 7 (${SINK}) on payments; session 8 (${SINK}) on payments`,
  ]);
});

test("a stranger beside the sink is told from it", () => {
  expect(texts(writerPremises([writer(7, SINK), writer(8, "psql")]))).toEqual([
    "unknown: open_transactions is session 8 (psql) on payments",
    `not-proved: open_transactions.sink is session 7 (${SINK}) on payments`,
  ]);
});

const nothing: OutsideRow = { prepared: [], subscriptions: [], publications: [], slots: [], event_triggers: [] };

test("nothing outside writes to the tables", () => {
  expect(texts(outsidePremises(nothing))).toEqual([
    "holds: subscriptions is none",
    "recorded: prepared_transactions is none",
    "recorded: publications is none",
    "recorded: replication_slots is none",
    "recorded: event_triggers is none",
  ]);
});

test.each<[keyof OutsideRow, string]>([
  ["subscriptions", "unknown: subscriptions is a, b"],
  ["prepared", "recorded: prepared_transactions is a, b"],
  ["publications", "recorded: publications is a, b"],
  ["slots", "recorded: replication_slots is a, b"],
  ["event_triggers", "not-proved: event_triggers is a, b"],
])("%s are named", (name, expected) => {
  const found = texts(outsidePremises({ ...nothing, [name]: ["a", "b"] }));
  expect(found).toHaveLength(5);
  expect(found).toContain(expected);
});
