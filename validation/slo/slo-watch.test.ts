import { expect, test } from "vitest";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { LedgerRecord } from "../../contract/ledger.ts";
import type { Slo } from "../../contract/slo.ts";
import { fault, TimedRun } from "../fixture/timed-run.ts";
import { sloResults } from "./slo-results.ts";
import { SloWatch } from "./slo-watch.ts";

const OPEN = { t: "open", pid: 42, at_ms: 0 } as LedgerRecord;

async function measured(slo: Slo, run: TimedRun, faults: FaultHistory[] = []) {
  const watch = new SloWatch(slo, faults);
  for (const line of [OPEN, ...run.ledger]) watch.add(line);
  let asked = 0;
  await watch.readRows((lookUps) => {
    asked += 1;
    return run.lookUp(lookUps);
  });
  return { measures: watch.measures({ pid: 42, throttled: 0 } as never), asked };
}
const run = () => new TimedRun().produce(0, 5000);

test("PostgreSQL is asked only for the bounds that are set", async () => {
  for (const slo of [{}, { without_acknowledgement_ms: 9 }, { turned_away_events: 9 }] as Slo[])
    expect((await measured(slo, run())).asked, JSON.stringify(slo)).toBe(0);
  for (const bound of ["without_rows_ms", "visible_again_ms", "calm_p99_ms"] as const) {
    const { measures, asked } = await measured({ [bound]: 9 }, run());
    expect(asked).toBeGreaterThan(0);
    expect([...measures.keys()].toSorted()).toEqual([bound, "without_acknowledgement_ms"].toSorted());
  }
});

test("a figure for which nothing was there is unknown, with the reason", async () => {
  const all = { without_acknowledgement_ms: 9, without_rows_ms: 9, turned_away_events: 9 };
  const { measures } = await measured(all, new TimedRun());
  const { results, unknown } = sloResults(all, measures);
  expect(unknown).toEqual([
    "the bound without_acknowledgement_ms can't be judged: no batch was attempted",
    "the bound without_rows_ms can't be judged: there is no row",
  ]);
  expect(results[0]).toEqual({
    bound: "without_acknowledgement_ms",
    limit: 9,
    worst: null,
    fault: "",
    is_exceeded: false,
  });
});

test("the fault after which events were visible last counts, to a millisecond", async () => {
  const faults = [
    fault("kafka", 1000, 1100, { id: 1 }),
    fault("driver", 3000, 3100, { id: 2 }),
    fault("kafka", 4000, 4100, { id: 3 }),
  ];
  const slow = new TimedRun().produce(0, 6000, { storedMs: (ms) => (ms >= 3000 && ms < 3500 ? 3700 : ms + 20) });
  const { measures } = await measured({ visible_again_ms: 9 }, slow, faults);
  const found = measures.get("visible_again_ms") as { worst: number; least: number; fault: FaultHistory };
  expect(found).toMatchObject({ worst: 700, least: 699, fault: { id: 2 } });
});

test("the time until events are visible again is not calm", async () => {
  // The node is ready at once, the rows come a second later.
  const slow = new TimedRun().produce(0, 6000, { storedMs: (ms) => (ms >= 3000 && ms < 4000 ? 4000 : ms + 20) });
  const calm = async (faults: FaultHistory[]) =>
    (await measured({ calm_p99_ms: 9 }, slow, faults)).measures.get("calm_p99_ms") as { worst: number };
  expect((await calm([])).worst).toBeGreaterThan(500);
  expect((await calm([fault("driver", 3000, 3010, { id: 1 })])).worst).toBeLessThan(100);
});

test("calm begins when every partition that was attempted has its first row", async () => {
  const late = new TimedRun()
    .produce(0, 3000, { storedMs: (ms) => Math.max(ms + 20, 1000) })
    .add({ partition: 3, attemptMs: 10, ackMs: 15 });
  const { measures } = await measured({ calm_p99_ms: 9 }, late);
  expect((measures.get("calm_p99_ms") as { worst: number }).worst).toBeLessThan(100);
});
