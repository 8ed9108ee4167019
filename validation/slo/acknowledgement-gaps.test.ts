import { expect, test } from "vitest";
import type { LedgerRecord } from "../../contract/ledger.ts";
import { TimedRun } from "../fixture/timed-run.ts";
import { AcknowledgementGaps } from "./acknowledgement-gaps.ts";

const longest = (run: TimedRun) => {
  const gaps = new AcknowledgementGaps();
  for (const line of run.ledger) gaps.add(line);
  return gaps.longest();
};
test("the longest time on the worst partition, also while the producer was dead", () => {
  const run = new TimedRun().produce(0, 1000).add({ partition: 1, attemptMs: 1000, ackMs: 3000 }).produce(4000, 4100);
  expect(longest(run)).toEqual({ partition: 0, fromMs: 905, toMs: 4005 });
});
test("the time after a close is nobody's; a batch that is open at the end waited until then", () => {
  const closed = new TimedRun().produce(0, 1000).close(1100).produce(60_000, 61_000);
  expect(longest(closed)).toMatchObject({ fromMs: 5, toMs: 105 });
  expect(longest(closed.add({ partition: 0, attemptMs: 61_000 }).close(63_000))).toEqual({
    partition: 0,
    fromMs: 60_905,
    toMs: 63_000,
  });
  expect(longest(new TimedRun())).toBeUndefined();
});

/** The longest time by these lines of the ledger: kind, partition and time. */
function longestOf(
  ...lines: [t: "attempt" | "ack" | "failed" | "indeterminate" | "open" | "close", p: number, at_ms: number][]
) {
  const gaps = new AcknowledgementGaps();
  for (const [t, p, at_ms] of lines) gaps.add({ t, p, at_ms } as LedgerRecord);
  return gaps.longest();
}

test("it begins with the first attempt, and with each acknowledgement", () => {
  expect(longestOf(["attempt", 0, 100], ["ack", 0, 150], ["attempt", 0, 151], ["ack", 0, 160])).toEqual({
    partition: 0,
    fromMs: 100,
    toMs: 150,
  });
  expect(longestOf(["attempt", 0, 100], ["ack", 0, 110], ["attempt", 0, 151], ["ack", 0, 160])).toEqual({
    partition: 0,
    fromMs: 110,
    toMs: 160,
  });
});

test("a batch that nobody settled waited until the ledger's last line; one that failed did not", () => {
  const begun: Parameters<typeof longestOf> = [
    ["attempt", 0, 100],
    ["ack", 0, 110],
    ["attempt", 0, 120],
  ];
  expect(longestOf(...begun, ["open", 0, 500])).toMatchObject({ fromMs: 110, toMs: 500 });
  expect(longestOf(...begun, ["indeterminate", 0, 130], ["open", 0, 500])).toMatchObject({ fromMs: 110, toMs: 500 });
  expect(longestOf(...begun, ["failed", 0, 130], ["open", 0, 500])).toMatchObject({ fromMs: 100, toMs: 110 });
  // Clocks may be put back; the ledger lasted until its latest time all the same.
  expect(longestOf(...begun, ["open", 0, 500], ["open", 0, 400])).toMatchObject({ fromMs: 110, toMs: 500 });
});

test("after a close nothing is due until the next attempt", () => {
  expect(
    longestOf(["attempt", 0, 100], ["close", 0, 150], ["open", 0, 900], ["attempt", 0, 900], ["ack", 0, 910]),
  ).toEqual({ partition: 0, fromMs: 100, toMs: 150 });
});

test("an acknowledgement without an attempt, whose line is lost, ends nothing", () => {
  expect(longestOf(["ack", 0, 100])).toBeUndefined();
  expect(longestOf(["ack", 0, 100], ["ack", 0, 130])).toMatchObject({ fromMs: 100, toMs: 130 });
});
