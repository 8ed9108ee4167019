import { describe, expect, test } from "vitest";
import type { FaultHistory } from "../../contract/fault-history.ts";
import { judge } from "../judge.ts";
import { fault, TimedRun } from "../fixture/timed-run.ts";
import { hollowReasons, idleFaultReasons } from "./hollow-run.ts";
import { RunLoad, storingUnknown } from "./run-load.ts";
import { faultsOfKinds } from "./stake.ts";

const refused = () => Promise.reject(new Error("track_commit_timestamp is off"));
const rowsUntil = (ms: number) =>
  new TimedRun().produce(0, 20_000, { storedMs: (attemptMs) => (attemptMs < ms ? attemptMs + 20 : undefined) });

type Told = { faults: FaultHistory[]; evidence?: "commits" | "points" | "none"; throttled?: number; minimum?: number };

async function verdictOf(run: TimedRun, { faults, evidence = "commits", throttled = 0, minimum = 100 }: Told) {
  const load = new RunLoad(faults);
  for (const line of run.ledger) load.add(line);
  load.ledgerEnded();
  if (evidence === "points") load.sawOffsets(run.points(0, 100_000));
  await load.readRows(evidence === "commits" ? run.lookUp : refused, 2);
  const lines = faultsOfKinds(load.stakes());
  const events = (batches: typeof run.batches) => batches.length * 10;
  const hollow = [
    ...idleFaultReasons(lines, storingUnknown(load.evidence)),
    ...hollowReasons({
      rows: run.rows.length,
      attempted: events(run.batches),
      acknowledged: events(run.batches.filter(({ ackMs }) => ackMs !== undefined)),
      minAcknowledged: minimum,
      status: { throttled } as never,
      faults,
      evidence: load.evidence,
    }),
  ];
  return { ...judge([], { unknown: [], doubtful: new Set(), hollow, breaches: [] }), lines };
}

const never = () => undefined;
/** Stored when the sink is back at `backMs`, if it was due before. */
const heldUntil = (backMs: number) => (attemptMs: number) => Math.max(attemptMs + 20, backMs);

describe.each(["commits", "points"] as const)("by %s", (evidence) => {
  test.each<[string, () => TimedRun, FaultHistory[], string]>([
    [
      "all events were stored before the first fault",
      () => new TimedRun().produce(0, 5000).close(5100),
      [fault("postgres", 10_000, 15_000), fault("kafka", 20_000, 25_000), fault("driver", 30_000, 32_000)],
      "none while its path was at work and worked again afterwards, so the run proves nothing about failures: kafka: struck 1, none while a batch was unsettled or records were not yet stored; driver: struck 1, none while records were not yet stored; postgres: struck 1, none while records were not yet stored",
    ],
    [
      "all faults struck while the producer was quiesced",
      () => new TimedRun().produce(0, 5000).produce(40_000, 45_000).close(45_100),
      [fault("postgres", 10_000, 15_000), fault("producer", 20_000, 25_000), fault("zookeeper", 30_000, 32_000)],
      "producer: struck 1, none while a batch was unsettled; zookeeper: struck 1, none while a batch was unsettled",
    ],
    [
      "all rows were stored after the last fault",
      () => new TimedRun().produce(0, 20_000, { storedMs: heldUntil(60_000) }).close(20_100),
      [fault("kafka", 5000, 8000), fault("postgres", 10_000, 12_000)],
      "all rows were stored after the last fault was undone",
    ],
    [
      "no row was ever stored, as with dead letters only",
      () => new TimedRun().produce(0, 20_000, { storedMs: never }).close(20_100),
      [fault("kafka", 5000, 8000)],
      "only 0 of 4000 acknowledged events became rows",
    ],
    [
      "a fault lasted no time",
      () => new TimedRun().produce(0, 20_000),
      [fault("kafka", 5000, 5000)],
      "kafka: struck 1, none while",
    ],
    [
      "nothing worked after the undo",
      () => new TimedRun().produce(0, 8000),
      [fault("kafka", 7000, 8500), fault("postgres", 7000, 8500)],
      "kafka: struck 1, under load 1, but nothing was stored after the undo; postgres: struck 1, under load 1, but nothing was stored after the undo",
    ],
  ])("VACUOUS if %s", async (_name, makeRun, faults, reason) => {
    const { verdict, reasons } = await verdictOf(makeRun(), { faults, evidence });
    expect(verdict).toBe("VACUOUS");
    expect(reasons.join("\n")).toContain(reason);
  });

  const back = 15_000;
  test.each<[string, () => TimedRun, FaultHistory[], number]>([
    [
      "three brokers were out, and nothing could be acknowledged",
      () =>
        new TimedRun()
          .produce(0, 10_000)
          .produce(10_000, 10_100, { ackMs: () => back + 100, storedMs: () => back + 200 })
          .produce(back + 200, 20_000)
          .close(20_100),
      [1, 2, 3].map((id) => fault("kafka", 10_050, back, { id })),
      3,
    ],
    [
      "everything was restarted",
      () =>
        new TimedRun()
          .produce(0, 10_000)
          .produce(11_000, 20_000, { storedMs: heldUntil(12_500) })
          .close(20_100),
      [
        fault("kafka", 9950, 11_200),
        fault("driver", 9950, 12_000, { id: 2 }),
        fault("postgres", 9950, 12_300, { id: 3 }),
        fault("producer", 9950, 10_900, { id: 4, readyMs: 11_010 }),
      ],
      4,
    ],
    [
      "the driver was killed when the producer had ended, but records were not yet stored",
      () =>
        new TimedRun()
          .produce(0, 5000)
          .produce(5000, 8000, { storedMs: heldUntil(20_000) })
          .close(8100),
      [fault("driver", 9000, 19_000)],
      1,
    ],
    [
      "a broker was struck at the very end, and only storing went on afterwards",
      () =>
        new TimedRun()
          .produce(0, 7000)
          .produce(7000, 8000, { storedMs: heldUntil(14_000) })
          .close(8100),
      [fault("kafka", 7950, 12_900)],
      1,
    ],
  ])("VALID if %s", async (_name, makeRun, faults, counting) => {
    const { verdict, reasons, lines } = await verdictOf(makeRun(), { faults, evidence });
    expect(reasons).toEqual([]);
    expect(verdict).toBe("VALID");
    expect(lines.reduce((sum, { recovered }) => sum + recovered, 0)).toBe(counting);
  });
});

const busy = () => new TimedRun().produce(0, 20_000).close(20_100);

test("without evidence of storing, a fault on the way to PostgreSQL does not count, and the reason says what is missing", async () => {
  const { verdict, reasons } = await verdictOf(busy(), { faults: [fault("postgres", 5000, 8000)], evidence: "none" });
  expect(verdict).toBe("VACUOUS");
  expect(reasons[0]).toContain(
    "postgres: struck 1, none while records were not yet stored (nobody can say when rows were stored: no sample has next_offset, and PostgreSQL has no commit times: track_commit_timestamp is off)",
  );
  expect((await verdictOf(busy(), { faults: [fault("kafka", 5000, 8000)], evidence: "none" })).verdict).toBe("VALID");
});

test("a run that was throttled to nothing, or had few events, is VACUOUS", async () => {
  const faults = [fault("postgres", 5000, 8000)];
  expect((await verdictOf(busy(), { faults, throttled: 30_000 })).verdict).toBe("VALID");
  expect(await verdictOf(busy(), { faults, throttled: 40_000 })).toMatchObject({
    verdict: "VACUOUS",
    reasons: [expect.stringMatching(/^only 4000 of 44000 events that were due were attempted/)],
  });
  expect(await verdictOf(busy(), { faults, minimum: 4001 })).toMatchObject({
    verdict: "VACUOUS",
    reasons: [expect.stringMatching(/^only 4000 events were acknowledged/)],
  });
});

test("nearly all dead letters prove nothing about the table; half of them do", async () => {
  const faults = [fault("kafka", 5000, 8000)];
  expect((await verdictOf(rowsUntil(10_000), { faults, minimum: 4000 })).reasons).toEqual([]);
  expect((await verdictOf(rowsUntil(0), { faults, minimum: 0 })).verdict).toBe("VACUOUS");
  expect((await verdictOf(rowsUntil(9900), { faults, minimum: 4000 })).reasons[0]).toContain("only 1980 of 4000");
});

test("a fault before the first row struck no pipeline at work; a later one did", async () => {
  const run = new TimedRun().produce(0, 20_000, { storedMs: heldUntil(10_000) }).close(20_100);
  const faults = [fault("postgres", 5000, 8000), fault("postgres", 15_000, 16_000, { id: 2 })];
  expect((await verdictOf(run, { faults })).lines).toEqual([
    { node_kind: "postgres", struck: 2, under_load: 1, recovered: 1 },
  ]);
});

test("no event goes through the monitor: its faults put nothing under load, and do not keep others from counting", async () => {
  const { verdict, lines, reasons } = await verdictOf(busy(), { faults: [fault("monitor", 5000, 8000)] });
  expect(verdict).toBe("VACUOUS");
  expect(lines).toEqual([{ node_kind: "monitor", struck: 1, under_load: 0, recovered: 0 }]);
  expect(reasons[0]).toContain("monitor: struck 1, but no event goes through it");
  const both = [fault("monitor", 5000, 8000), fault("kafka", 9000, 12_000, { id: 2 })];
  expect((await verdictOf(busy(), { faults: both })).verdict).toBe("VALID");
});

test("a short fault between two small batches counts if the producer was at work", async () => {
  const slow = new TimedRun().produce(0, 20_000, { everyMs: 1000 }).close(20_100);
  const between = [fault("kafka", 5400, 5600), fault("producer", 7400, 7600), fault("driver", 9400, 9600)];
  expect((await verdictOf(slow, { faults: between })).lines.map(({ recovered }) => recovered)).toEqual([1, 1, 1]);
  const idle = new TimedRun().produce(0, 5000).produce(11_000, 20_000).close(20_100);
  const inIdle = [fault("kafka", 7400, 7600), fault("producer", 7400, 7600)];
  expect((await verdictOf(idle, { faults: inIdle })).lines.map(({ under_load }) => under_load)).toEqual([0, 0]);
});

const loads = async (run: TimedRun, ...faults: FaultHistory[]) =>
  (await verdictOf(run, { faults, evidence: "points" })).lines.map(({ under_load }) => under_load);

test("what was under way around a fault: a quiesced or closed producer is not, a dead one is", async () => {
  const quiesced = new TimedRun().produce(0, 5000).produce(7000, 20_000);
  expect(await loads(quiesced, fault("kafka", 5500, 6900), fault("producer", 5500, 6900))).toEqual([0, 1]);
  const closed = new TimedRun().produce(0, 5000).close(5000).produce(5900, 20_000);
  expect(await loads(closed, fault("kafka", 5200, 5400), fault("producer", 5200, 5800))).toEqual([0, 0]);
  const slowToStart = new TimedRun().produce(0, 5000).produce(8400, 20_000);
  expect(await loads(slowToStart, fault("producer", 5200, 6000, { readyMs: 8500 }))).toEqual([1]);
  expect(await loads(slowToStart, fault("producer", 5200, 6000))).toEqual([0]);
});

test("what was acknowledged during a fault was due to be stored, though nobody looked meanwhile", () => {
  const run = busy();
  const load = new RunLoad([fault("postgres", 5000, 8000)]);
  for (const line of run.ledger) load.add(line);
  load.ledgerEnded();
  load.sawOffsets([...run.points(0, 4000), ...run.points(9000, 20_000)]);
  expect(load.stakes()).toMatchObject([{ isUnderLoad: true, isRecovered: true }]);
});

test("rows that were written again later do not make an idle fault count, if they were seen stored before", () => {
  const rewritten = new TimedRun().produce(0, 5000, { storedMs: () => 12_000 }).close(5100);
  const load = new RunLoad([fault("postgres", 10_000, 15_000)]);
  for (const line of rewritten.ledger) load.add(line);
  load.ledgerEnded();
  load.sawOffsets(new TimedRun().produce(0, 5000).points(0, 20_000));
  return load.readRows(rewritten.lookUp, 2).then(() => expect(load.stakes()[0]?.isUnderLoad).toBe(false));
});
