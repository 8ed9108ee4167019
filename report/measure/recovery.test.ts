import { describe, expect, test } from "vitest";
import { FaultHistories } from "../../contract/fault-history.ts";
import type { JournalRecord } from "../../contract/journal.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { Sample } from "../../contract/sample.ts";
import { LedgerHistoryBuilder, type LedgerHistory } from "./ledger-history.ts";
import { measureRecoveries, type FaultRecovery } from "./recovery.ts";
import { fault, history, sampleAt } from "../fixture/recovery.ts";

const BASE = 1_000_000;

const exact = (ms: number, by: string) => ({ lowMs: ms, highMs: ms, open: false, by });
const within = (lowMs: number, highMs: number, by = "samples") => ({ lowMs, highMs, open: false, by });
const alone = (measure: object) => ({ measure, sharedWith: [] });

function ledgerOf(records: LedgerRecord[]): LedgerHistory {
  const builder = new LedgerHistoryBuilder();
  for (const record of records) builder.add(record);
  return builder.history;
}

function measure(
  journal: JournalRecord[],
  ledger: LedgerRecord[] | undefined,
  samples: Sample[],
  endMs: number,
): FaultRecovery {
  const evidence = { ledger: ledger && ledgerOf(ledger), samples, endMs };
  const [first] = measureRecoveries(FaultHistories.of(journal).faults, evidence).faults;
  if (first === undefined) throw new Error("no fault");
  return first;
}

/** Two lanes, a batch of 10 each every 100 ms for 20 s; `silent` batches are acknowledged at the end of the silence that they fall into. */
function steady(silent: { lane: number; fromMs: number; toMs: number }[], close = true): LedgerRecord[] {
  return history({ baseMs: BASE, lanes: 2, durationMs: 20_000, everyMs: 100, batch: 10, silent, close });
}

/** Samples once a second for 22 s, of a sink that has everything acknowledged until then, but for its own standstills. */
function samplesOf(ledger: LedgerRecord[], standstill?: { lane: number; fromMs: number; toMs: number }): Sample[] {
  return Array.from({ length: 22 }, (_, second) => {
    const atMs = BASE + second * 1_000;
    const next = [0, 1].map((lane) => {
      const stands =
        standstill !== undefined && standstill.lane === lane && atMs > standstill.fromMs && atMs < standstill.toMs;
      const seenMs = stands ? standstill.fromMs : atMs;
      return Math.max(
        0,
        ...ledger.map((record) =>
          record.t === "ack" && record.p === lane && record.at_ms <= seenMs ? record.o + record.n : 0,
        ),
      );
    });
    return sampleAt(atMs, { next_offsets: next, lag: 0 });
  });
}

describe("recovery of one fault", () => {
  const journal = fault({
    id: 0,
    plannedMs: BASE + 5_000,
    activeMs: BASE + 5_200,
    healedMs: BASE + 11_000,
    recoveredMs: BASE + 12_500,
  });

  test("a silence of one partition is the acknowledgement gap; held and node-ready come from the journal", () => {
    const ledger = steady([{ lane: 1, fromMs: 5_050, toMs: 9_340 }]);
    const found = measure(journal, ledger, samplesOf(ledger), BASE + 23_000);
    expect(found.held).toEqual(exact(5_800, "journal"));
    expect(found.nodeReady).toEqual(exact(1_500, "journal"));
    // last acknowledgement at 5,000 ms + 5 ms of round trip
    expect(found.ackGap).toEqual(alone(exact(4_335, "ledger")));
    // rows came between 9 s and 10 s, after those of 5,005 ms had been seen between 5 s and 6 s
    expect(found.sinkGap).toEqual(alone(within(3_000, 5_000)));
    // the first event created after 5.2 s is seen in the sample at 10 s, and not in that at 9 s
    // the lane's next batch was created at 9.4 s: it was no row before
    expect(found.visibleAgain).toEqual(within(4_400, 5_000));
  });

  test("a standstill of the sink alone leaves the acknowledgements alone", () => {
    const ledger = steady([]);
    const found = measure(
      journal,
      ledger,
      samplesOf(ledger, { lane: 0, fromMs: BASE + 5_000, toMs: BASE + 15_000 }),
      BASE + 23_000,
    );
    expect(found.ackGap).toEqual(alone(exact(100, "ledger")));
    expect(found.sinkGap).toEqual(alone(within(9_000, 11_000)));
    expect(found.visibleAgain).toEqual(within(9_000, 10_000));
  });

  test("an outage that lasts to the end is at least as long as was seen, never a number", () => {
    const ledger = steady([{ lane: 1, fromMs: 5_050, toMs: Infinity }], false);
    const found = measure(journal, ledger, samplesOf(ledger), BASE + 23_000);
    expect(found.ackGap).toEqual(alone({ ...exact(17_995, "ledger"), open: true }));
    // seen between 5 s and 6 s for the last time, and never again until the last sample
    expect(found.sinkGap).toEqual(alone({ ...within(15_000, 16_000), open: true }));
    expect(found.visibleAgain).toEqual({ ...within(16_000, 16_000), open: true });
  });

  test("an open outage is not hidden by a longer one that ended", () => {
    const ledger = steady(
      [
        { lane: 1, fromMs: 5_050, toMs: 15_000 },
        { lane: 1, fromMs: 17_050, toMs: Infinity },
      ],
      false,
    );
    const never = fault({ id: 0, plannedMs: BASE + 5_000, activeMs: BASE + 5_200 });
    const found = measure(never, ledger, samplesOf(ledger), BASE + 19_000);
    expect(found.ackGap).toEqual(alone({ ...exact(9_995, "ledger"), open: true }));
    expect(found.held).toEqual({ ...exact(13_800, "journal"), open: true });
    expect(found.nodeReady).toEqual({ unknown: "not healed" });
  });

  test("the silence after an orderly end is no outage", () => {
    const late = fault({
      id: 0,
      plannedMs: BASE + 19_850,
      activeMs: BASE + 19_950,
      healedMs: BASE + 60_000,
      recoveredMs: BASE + 60_000,
    });
    const ledger = steady([]);
    const found = measure(late, ledger, samplesOf(ledger), BASE + 61_000);
    expect(found.ackGap).toEqual(alone(exact(100, "ledger")));
    expect(found.visibleAgain).toEqual({ unknown: "nothing was produced after it" });
  });

  test("what there is no evidence for is unknown", () => {
    const found = measure(journal, undefined, [], BASE + 23_000);
    expect(found.ackGap).toEqual(alone({ unknown: "no ledger" }));
    expect(found.sinkGap).toEqual(alone({ unknown: "no samples" }));
    expect(found.visibleAgain).toEqual({ unknown: "no ledger" });
    const blind = measure(journal, steady([]), [sampleAt(BASE, {}), sampleAt(BASE + 1_000, {})], BASE + 23_000);
    expect(blind.sinkGap).toEqual(alone({ unknown: "no sample has next_offset" }));
  });

  test("samples that could not ask PostgreSQL are no success", () => {
    const ledger = steady([]);
    const samples = samplesOf(ledger).map((sample, second) =>
      second > 5 && second < 14 ? { ...sample, next_offsets: null } : sample,
    );
    expect(measure(journal, ledger, samples, BASE + 23_000).sinkGap).toEqual(alone(within(0, 10_000)));
  });

  test.each([
    { name: "ineffective", options: { effective: false }, why: "no effect" },
    { name: "failed", options: { failed: "target gone" }, why: "not injected" },
    { name: "cut off", options: { activeMs: undefined }, why: "no answer of the effect probe" },
  ])("a fault that is $name has no recovery", ({ options, why }) => {
    const records = fault({ id: 0, plannedMs: BASE + 5_000, activeMs: BASE + 5_200, ...options });
    expect(measure(records, steady([]), [], BASE + 23_000)).toMatchObject({
      ackGap: { measure: { unknown: why }, sharedWith: [] },
      visibleAgain: { unknown: why },
    });
  });
});

test("the faults of a second plan do not mix with those of the first", () => {
  const journal = [
    ...fault({
      id: 0,
      plannedMs: BASE + 1_000,
      activeMs: BASE + 1_100,
      healedMs: BASE + 2_000,
      recoveredMs: BASE + 2_500,
    }),
    ...fault({
      id: 1,
      plannedMs: BASE + 9_000,
      activeMs: BASE + 9_100,
      healedMs: BASE + 12_000,
      recoveredMs: BASE + 12_500,
    }),
  ];
  expect(FaultHistories.of(journal).faults.map((found) => found.healedMs)).toEqual([BASE + 2_000, BASE + 12_000]);
});

test("two faults apart have each their own gap", () => {
  const ledger = steady([
    { lane: 1, fromMs: 2_050, toMs: 3_550 },
    { lane: 0, fromMs: 12_050, toMs: 14_550 },
  ]);
  const journal = [
    ...fault({
      id: 0,
      plannedMs: BASE + 2_000,
      activeMs: BASE + 2_100,
      healedMs: BASE + 4_000,
      recoveredMs: BASE + 4_500,
    }),
    ...fault({
      id: 1,
      plannedMs: BASE + 12_000,
      activeMs: BASE + 12_100,
      healedMs: BASE + 15_000,
      recoveredMs: BASE + 15_500,
    }),
  ];
  const found = measureRecoveries(FaultHistories.of(journal).faults, {
    ledger: ledgerOf(ledger),
    samples: samplesOf(ledger),
    endMs: BASE + 23_000,
  });
  expect(found.faults.map((each) => each.ackGap)).toEqual([
    alone(exact(1_545, "ledger")),
    alone(exact(2_545, "ledger")),
  ]);
  expect(found.calmAckGap).toEqual(exact(100, "ledger"));
});

test("calm gaps are those that touch no fault's window", () => {
  const ledger = steady([
    { lane: 1, fromMs: 5_050, toMs: 9_340 },
    { lane: 0, fromMs: 15_020, toMs: 15_720 },
  ]);
  const journal = fault({
    id: 0,
    plannedMs: BASE + 5_000,
    activeMs: BASE + 5_200,
    healedMs: BASE + 11_000,
    recoveredMs: BASE + 12_500,
  });
  const found = measureRecoveries(FaultHistories.of(journal).faults, {
    ledger: ledgerOf(ledger),
    samples: samplesOf(ledger),
    endMs: BASE + 23_000,
  });
  expect(found.calmAckGap).toEqual(exact(715, "ledger"));
  expect(found.windows).toEqual([{ id: 0, fromMs: BASE + 5_000, toMs: BASE + 12_500 }]);
});

test("a run is steady when every partition has rows and no more than a second of events waits", () => {
  const ledger = steady([]);
  const lags = [0, 200, 400, 600, 500, 300, 190, 5];
  const samples = samplesOf(ledger).map((sample, second) => ({
    ...sample,
    acknowledged: second * 200,
    lag: lags[second] ?? 0,
    // Lane 1 stores its first rows between 3 s and 4 s.
    next_offsets: second < 4 ? [sample.next_offsets?.[0] ?? 0, 0] : sample.next_offsets,
  }));
  const evidence = { ledger: ledgerOf(ledger), samples, endMs: BASE + 23_000 };
  expect(measureRecoveries([], evidence).steadyMs).toBe(BASE + 6_000);
  const behind = samples.map((sample) => ({ ...sample, lag: 201 }));
  expect(measureRecoveries([], { ...evidence, samples: behind }).steadyMs).toBeUndefined();
});
