import { expect, test } from "vitest";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { Slo, SloBound } from "../../contract/slo.ts";
import { fault, TimedRun } from "../fixture/timed-run.ts";
import { boundsOf, loosened } from "./bounds.ts";
import { sloResults } from "./slo-results.ts";
import { SloWatch } from "./slo-watch.ts";

const ALL: Slo = {
  without_acknowledgement_ms: 1000,
  without_rows_ms: 1000,
  visible_again_ms: 1000,
  calm_p99_ms: 100,
  turned_away_events: 5,
};
const OPEN = { t: "open", pid: 42, at_ms: 0 } as LedgerRecord;

async function resultsOf(run: TimedRun, faults: FaultHistory[], slo = ALL, status = { pid: 42, throttled: 0 }) {
  const watch = new SloWatch(slo, faults);
  for (const line of [OPEN, ...run.ledger]) watch.add(line);
  await watch.readRows(run.lookUp);
  return sloResults(slo, watch.measures(status as never));
}
const worst = ({ results }: { results: { bound: string; worst: number | null; fault: string }[] }, bound: SloBound) => {
  const found = results.find((result) => result.bound === bound);
  return [found?.worst, found?.fault];
};

/** The sink stands still from 5 s to 9 s. */
const stalled = () =>
  new TimedRun()
    .produce(0, 20_000, { storedMs: (ms) => (ms >= 5000 && ms < 9000 ? 9000 + (ms - 5000) / 100 : ms + 20) })
    .close(20_100);
const kill = fault("driver", 5000, 8500, { id: 3, readyMs: 8900 });

test("each bound names its worst figure and the fault", async () => {
  const found = await resultsOf(stalled(), [kill, fault("kafka", 15_000, 15_500)]);
  expect(found.results).toEqual([
    { bound: "without_acknowledgement_ms", limit: 1000, worst: 100, fault: "", is_exceeded: false },
    { bound: "without_rows_ms", limit: 1000, worst: 4080, fault: "fault 3 (kill of driver)", is_exceeded: true },
    { bound: "visible_again_ms", limit: 1000, worst: 4001, fault: "fault 3 (kill of driver)", is_exceeded: true },
    { bound: "calm_p99_ms", limit: 100, worst: 20, fault: "", is_exceeded: false },
    { bound: "turned_away_events", limit: 5, worst: 0, fault: "", is_exceeded: false },
  ]);
  expect(found.unknown).toEqual([]);
  expect(found.breaches).toEqual([
    "without_rows_ms: 4080 ms without a row on partition 0, during fault 3 (kill of driver); the bound is 1000 (by commit times, to 1 ms)",
    "visible_again_ms: 4001 ms until an event was visible again on partition 0, after fault 3 (kill of driver); the bound is 1000 (by commit times, to 1 ms)",
  ]);
});

const exceeded = async (limit: number) =>
  (await resultsOf(stalled(), [kill], { without_rows_ms: limit })).results[0]?.is_exceeded;

test("a breach needs more than the error of the evidence", async () => {
  expect(await exceeded(4080)).toBe(false);
  expect(await exceeded(4079)).toBe(false);
  expect(await exceeded(4078)).toBe(true);
});

test("without evidence a bound is unknown, and says what is missing", async () => {
  const watch = new SloWatch(ALL, [kill]);
  const run = stalled();
  for (const line of [OPEN, ...run.ledger, { ...OPEN, pid: 43 } as LedgerRecord]) watch.add(line);
  await watch.readRows(() => Promise.reject(new Error("off")));
  const { unknown, results } = sloResults(ALL, watch.measures({ pid: 43, throttled: 5 } as never));
  expect(results.map((result) => result.worst)).toEqual([100, null, null, null, null]);
  expect(unknown).toEqual([
    "the bound without_rows_ms can't be judged: PostgreSQL has no commit times: off",
    "the bound visible_again_ms can't be judged: PostgreSQL has no commit times: off",
    "the bound calm_p99_ms can't be judged: PostgreSQL has no commit times: off",
    "the bound turned_away_events can't be judged: producer-status.json has only the last of 2 producer processes",
  ]);
  expect(sloResults(ALL, watch.measures({ pid: 43, throttled: 6 } as never)).breaches[0]).toContain(
    "turned_away_events: 6 events turned away of those that were due; the bound is 5 (by the last of 2 producer",
  );
  expect(sloResults(ALL, watch.measures({ pid: 42, throttled: 6 } as never)).unknown.at(-1)).toContain(
    "not of the last",
  );
  expect(sloResults(ALL, watch.measures(undefined)).unknown.at(-1)).toContain("there is no producer-status.json");
  expect(sloResults(ALL, new Map()).unknown).toHaveLength(5);
  expect(sloResults({}, new Map())).toEqual({ results: [], breaches: [], unknown: [] });
});

test("a flag wins over the pipeline file, and a higher bound is said", () => {
  const [file, flags] = [
    { without_rows_ms: 1000, calm_p99_ms: 100 },
    { without_rows_ms: 2000, calm_p99_ms: 50 },
  ];
  expect(boundsOf(file, flags)).toEqual({ without_rows_ms: 2000, calm_p99_ms: 50 });
  expect(boundsOf(file)).toEqual(file);
  expect(loosened(file, flags)).toEqual(["the bound without_rows_ms was raised from 1000 to 2000"]);
  expect(loosened(undefined, flags)).toEqual([]);
});

const slow = (ms: number) => (ms < 1000 ? 1500 : ms < 5000 ? ms + 30 : ms < 9000 ? 9500 : ms + 40);

test("calm leaves out the start, and every way that touches a fault's window", async () => {
  const run = new TimedRun().produce(0, 20_000, { storedMs: slow });
  expect(worst(await resultsOf(run, [kill]), "calm_p99_ms")).toEqual([40, ""]);
  expect((await resultsOf(run, [])).breaches.join()).toMatch(/calm_p99_ms: 4\d\d\d ms .* in calm; .* sampled rows/);
  const all = await resultsOf(run, [fault("kafka", 0, 60_000)]);
  expect(all.unknown.join()).toContain("no event was created and stored outside every fault's window");
});

test("visible again on the slowest partition; an event before the effect, or after a close, does not count", async () => {
  const run = new TimedRun()
    .produce(0, 5000, { storedMs: (ms) => (ms > 4100 ? 4700 : ms + 20) })
    .close(5000)
    .produce(50_000, 51_000);
  const faults = [fault("driver", 4050, 4400, { probedMs: 4200 }), fault("driver", 6000, 7000, { id: 2 })];
  // The event of 4,300 ms is the first one after 4,200 ms.
  expect(worst(await resultsOf(run, faults), "visible_again_ms")).toEqual([650, "fault 1 (kill of driver)"]);
  const late = await resultsOf(run, [fault("driver", 6000, 7000)]);
  expect(late.unknown[0]).toContain("no event was created after a fault and became a row");
});
