import { expect, test } from "vitest";
import { FaultHistories } from "../../contract/fault-history.ts";
import { fault, history, journal, sampleAt } from "../fixture/recovery.ts";
import { LedgerHistoryBuilder } from "./ledger-history.ts";
import { measureRecoveries } from "./recovery.ts";
import { samplesOfRun } from "./run-samples.ts";

const BASE = 1_000_000;
/** Events from BASE to BASE + 20 s. */
const builder = new LedgerHistoryBuilder();
for (const record of history({
  baseMs: BASE,
  lanes: 1,
  durationMs: 20_000,
  everyMs: 100,
  batch: 10,
  silent: [],
  close: true,
}))
  builder.add(record);
const ledger = builder.history;

/** A stack that is up from a minute before the run to a minute after it; the last events are stored at `storedMs`. */
function samplesOf(storedMs: number) {
  return Array.from({ length: 140 }, (_, second) => {
    const atMs = BASE - 60_000 + second * 1_000;
    const stored = Math.min(2_000, Math.max(0, Math.floor((atMs - BASE) / 100) * 10));
    const isBehind = atMs >= BASE && atMs < storedMs;
    return sampleAt(atMs, { next_offsets: [stored], lag: isBehind ? 5 : 0 });
  });
}
const times = (samples: { at_ms: number }[]): (number | undefined)[] => [samples[0]?.at_ms, samples.at(-1)?.at_ms];

test("the samples of a run begin before its first event and end when everything is stored", () => {
  expect(times(samplesOfRun(samplesOf(BASE + 26_000), ledger, []))).toEqual([BASE - 2_000, BASE + 26_000]);
});

test("a sink that never catches up is seen to the end, and an idle stack as a whole", () => {
  expect(times(samplesOfRun(samplesOf(Infinity), ledger, []))[1]).toBe(BASE + 79_000);
  expect(samplesOfRun(samplesOf(BASE), undefined, [])).toHaveLength(140);
});

test("a fault journal makes a run longer", () => {
  const faults = fault({ id: 1, plannedMs: BASE - 10_000, activeMs: BASE - 9_000, healedMs: BASE - 8_000 });
  const records = journal(BASE - 10_000, faults, BASE + 40_000);
  expect(times(samplesOfRun(samplesOf(BASE + 26_000), ledger, records))).toEqual([BASE - 12_000, BASE + 41_000]);
});

test("a stack that was idle before the first event had no standstill", () => {
  const samples = samplesOf(BASE + 20_000);
  const { calmSinkGap } = measureRecoveries(FaultHistories.of([]).faults, { ledger, samples, endMs: BASE + 79_000 });
  expect(calmSinkGap).toEqual({ lowMs: 0, highMs: 2_000, open: false, by: "samples" });
});
