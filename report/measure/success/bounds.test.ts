import fc from "fast-check";
import { expect, test } from "vitest";
import {
  commitsOf,
  ledgerOf,
  nextOffsetAt,
  samplesOf,
  type TrueCommit,
  type TrueRun,
  watchOf,
} from "../../fixture/sink-world.ts";
import { longestGap, type Span } from "../success-gap.ts";
import type { FaultHistory } from "../../../contract/fault-history.ts";
import type { KnownMeasure } from "../measure.ts";
import { type SinkPartition, sinkPartitions, type SinkSources } from "./sink-series.ts";
import { visibleAgain } from "./visible-again.ts";

const BASE = 1_000_000;
const DURATION = 10_000;
const SEQUENCES = 1_000;
const ALL: Span = { fromMs: -Infinity, toMs: Infinity };

const times = (everyMs: number, from = 0, to = DURATION + 2_000): number[] =>
  Array.from({ length: Math.floor((to - from) / everyMs) + 1 }, (_, index) => BASE + from + index * everyMs);

/** Each commit stores a part of what was made until then, and the last one everything. */
const trueRun = fc
  .array(
    fc.record({ at: fc.integer({ min: 1_200, max: DURATION * 10 }), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    {
      maxLength: 60,
    },
  )
  .map((found): TrueRun => {
    const commits: TrueCommit[] = [];
    let stored = 0;
    for (const { at, part } of found.toSorted((a, b) => a.at - b.at)) {
      const made = Math.floor(at / 100);
      const toSequence = stored + Math.floor((made - stored) * part);
      if (toSequence > stored) commits.push({ atMs: BASE + at / 10, toSequence });
      stored = toSequence;
    }
    commits.push({ atMs: BASE + DURATION + 500, toSequence: SEQUENCES });
    return { baseMs: BASE, durationMs: DURATION, commits };
  });

const sources = fc.record({
  sampleMs: fc.constantFrom(500, 1_000, 1_700),
  deaf: fc.record({ from: fc.integer({ min: 0, max: 9_000 }), forMs: fc.integer({ min: 0, max: 4_000 }) }),
  watch: fc.option(
    fc.record({
      everyMs: fc.constantFrom(50, 130),
      from: fc.integer({ min: 0, max: 9_000 }),
      forMs: fc.integer({ min: 100, max: 12_000 }),
    }),
  ),
  commits: fc.option(
    fc.record({ from: fc.integer({ min: 0, max: SEQUENCES - 2 }), count: fc.integer({ min: 1, max: SEQUENCES }) }),
  ),
});
type Sources = typeof sources extends fc.Arbitrary<infer T> ? T : never;

function sourcesOf(run: TrueRun, { sampleMs, deaf, watch, commits }: Sources): SinkSources {
  const isDeaf = (atMs: number) => atMs >= BASE + deaf.from && atMs < BASE + deaf.from + deaf.forMs;
  return {
    ledger: ledgerOf(run),
    samples: samplesOf(run, times(sampleMs), isDeaf),
    watch: watch === null ? undefined : watchOf(run, times(watch.everyMs, watch.from, watch.from + watch.forMs)),
    commits:
      commits === null ? undefined : commitsOf(run, commits.from, Math.min(SEQUENCES, commits.from + commits.count)),
  };
}

/** From the first look to the next commit, or the longest time between two commits after it. */
function trueGap({ commits }: TrueRun, startMs: number): number {
  const after = commits.map(({ atMs }) => atMs).filter((atMs) => atMs > startMs);
  return Math.max(...after.map((atMs, index) => atMs - (after[index - 1] ?? startMs)));
}

test("whatever the sources see, the longest gap lies between its bounds", () => {
  fc.assert(
    fc.property(trueRun, sources, (run, seen) => {
      const [partition] = sinkPartitions(sourcesOf(run, seen)) as SinkPartition[];
      const { measure } = (partition && longestGap(partition.series, ALL, () => true)) as { measure: KnownMeasure };
      const truth = trueGap(run, (partition as SinkPartition).series.startMs);
      expect(measure.lowMs).toBeLessThanOrEqual(Math.ceil(truth));
      if (!measure.open) expect(measure.highMs).toBeGreaterThanOrEqual(Math.floor(truth));
    }),
    { numRuns: 1_000 },
  );
});

test("visible again lies between its bounds, and is exact if the commit is known", () => {
  fc.assert(
    fc.property(trueRun, sources, fc.integer({ min: 200, max: DURATION - 200 }), (run, seen, effect) => {
      const all = sourcesOf(run, seen);
      const fault = { id: 1, injectedMs: BASE + 100 } as FaultHistory;
      const sequence = Math.floor(effect / 10) + 1;
      const truth = (run.commits.find(({ toSequence }) => toSequence > sequence)?.atMs ?? Infinity) - fault.injectedMs;
      const measure = visibleAgain(fault, BASE + effect, all.ledger, sinkPartitions(all)) as KnownMeasure;
      expect(measure.lowMs).toBeLessThanOrEqual(Math.ceil(truth));
      if (!measure.open) expect(measure.highMs).toBeGreaterThanOrEqual(Math.floor(truth));
      const { commits } = seen;
      if (commits !== null && sequence >= commits.from && sequence < commits.from + commits.count)
        expect(measure).toEqual({ lowMs: Math.round(truth), highMs: Math.round(truth), open: false, by: "commits" });
    }),
    { numRuns: 1_000 },
  );
});

test("with every commit known the figure is exact, whatever else was seen", () => {
  fc.assert(
    fc.property(trueRun, sources, (run, seen) => {
      const all = { ...sourcesOf(run, seen), commits: commitsOf(run, 0, SEQUENCES) };
      const [partition] = sinkPartitions(all) as SinkPartition[];
      const inside = (gap: Span) => gap.fromMs >= (run.commits[0]?.atMs ?? 0);
      const found = partition && longestGap(partition.series, ALL, inside);
      if (run.commits.length < 2) return;
      const truth = Math.round(trueGap(run, run.commits[0]?.atMs ?? 0));
      expect(found?.measure).toEqual({ lowMs: truth, highMs: truth, open: false, by: "commits" });
    }),
    { numRuns: 200 },
  );
});

test("the world of these tests is the one that it says", () => {
  const run = { baseMs: BASE, durationMs: DURATION, commits: [{ atMs: BASE + 5, toSequence: 3 }] };
  expect([nextOffsetAt(run, BASE + 4), nextOffsetAt(run, BASE + 5)]).toEqual([0, 3]);
});
