import { expect, test } from "vitest";
import { ledgerClose } from "../../contract/fixture/close.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import { Sessions } from "./sessions.ts";

const attempt = (p: number, s: number, n: number, at_ms: number): LedgerRecord => ({
  t: "attempt",
  p,
  s,
  n,
  first_ms: 0,
  last_ms: 0,
  a: 1,
  at_ms,
});

test("a partition's events from one close to the next, and when the first was attempted", () => {
  const sessions = new Sessions();
  expect(sessions.all()).toEqual([]);
  const lines: LedgerRecord[] = [
    attempt(0, 0, 10, 100),
    { t: "ack", p: 0, s: 0, n: 10, o: 0, at_ms: 110 },
    attempt(1, 0, 3, 120),
    attempt(0, 10, 7, 130),
    // Attempted again: it ends no later.
    attempt(0, 10, 7, 140),
    attempt(0, 0, 10, 150),
    ledgerClose([], 200),
    { t: "open", at_ms: 290 } as LedgerRecord,
    attempt(1, 3, 4, 300),
  ];
  for (const line of lines) sessions.add(line);
  expect(sessions.all()).toEqual([
    { partition: 0, from: 0, to: 17, startMs: 100 },
    { partition: 1, from: 0, to: 3, startMs: 120 },
    { partition: 1, from: 3, to: 7, startMs: 300 },
  ]);
});
