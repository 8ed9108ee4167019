import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePipeline } from "../contract/pipeline.ts";
import { RandomStream } from "../contract/random.ts";
import { ANOMALIES } from "../contract/verdict.ts";
import type { AnomalyKind } from "../contract/verdict.ts";
import { runCanary } from "./canary.ts";
import { CHECKS } from "./checks/all.ts";
import { MUTATIONS } from "./fixture/mutations.ts";
import { readWorld } from "./fixture/read-world.ts";
import { applySink } from "./fixture/sink.ts";
import { makeWorld } from "./fixture/world.ts";
import { findAnomalies, judge } from "./judge.ts";

const PIPELINES = ["payments", "sensors"].map((name) => {
  const file = new URL(`../pipelines/${name}.yaml`, import.meta.url);
  return parsePipeline(readFileSync(file, "utf8"), `${name}.yaml`);
});

const circumstances = { unknown: [], doubtful: new Set<AnomalyKind>(), faultsEffective: 1, allowNoFaults: false, acknowledged: 1, minAcknowledged: 0 };
const shape = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  pipeline: fc.constantFrom(...PIPELINES),
  batches: fc.integer({ min: 0, max: 40 }),
  malformedPpm: fc.constantFrom(0, 20_000, 300_000),
});
const RUNS = { numRuns: 25 };
const MUTATED_RUNS = { numRuns: 12 };
/** Large enough that nearly every mutation finds its place. */
const mutable = shape.map((item) => ({ ...item, batches: item.batches + 15 }));

describe("a valid history", () => {
  test("is VALID, whatever its shape", () => {
    fc.assert(
      fc.property(shape, ({ seed, pipeline, ...options }) => {
        const world = makeWorld(pipeline, seed, options);
        const tables = applySink(world);
        const histories = readWorld(world, tables);
        const anomalies = findAnomalies(histories);
        expect(judge(anomalies, circumstances)).toEqual({ verdict: "VALID", reasons: [] });
        expect(histories.actualRows).toBe(tables.rows.length);
        expect(histories.logRecords).toBe(world.log.flat().length);
      }),
      RUNS,
    );
  });

  test("says what became of indeterminate events, and which repeated", () => {
    const world = makeWorld(PIPELINES[0] as never, 5, { batches: 300, malformedPpm: 0 });
    const kinds = findAnomalies(readWorld(world, applySink(world))).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual(["not-recovered", "recovered", "repeated-in-log"]);
  });

  test("with a sink that is behind is STALLED, and names what is unseen", () => {
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 30 }), ({ seed, pipeline, ...options }, records) => {
        const world = makeWorld(pipeline, seed, options);
        const partition = world.log.findIndex((log) => log.length > 0);
        fc.pre(partition >= 0);
        const histories = readWorld(
          world,
          applySink(world, (at) => (at === partition ? records : 0)),
        );
        const below = new Set(world.log[partition]?.slice(0, -records).map(({ sequence }) => sequence));
        const unseen = new Set(world.log[partition]?.slice(-records).flatMap(({ sequence }) => (below.has(sequence) ? [] : sequence)));
        const found = findAnomalies(histories).filter(({ kind }) => ANOMALIES[kind].verdict !== "info");
        expect(found.map(({ kind, count }) => [kind, count])).toEqual(unseen.size === 0 ? [] : [["unseen", unseen.size]]);
        expect(judge(found, circumstances).verdict).toBe(unseen.size === 0 ? "VALID" : "STALLED");
      }),
      RUNS,
    );
  });
});

describe("each mutation gives exactly its anomaly", () => {
  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("%s", (_name, mutation) => {
    let applied = 0;
    fc.assert(
      fc.property(mutable, ({ seed, pipeline, ...options }) => {
        const world = makeWorld(pipeline, seed, options);
        const random = new RandomStream(seed, 1, 2);
        const early = "before" in mutation ? mutation.before(world, random) : undefined;
        const tables = applySink(world);
        const expected = "after" in mutation ? mutation.after(world, tables, random) : early;
        if (expected === undefined) return;
        applied += 1;
        const found = findAnomalies(readWorld(world, tables)).filter(({ kind }) => ANOMALIES[kind].verdict !== "info");
        expect(found.map(({ kind, count }) => [kind, count])).toEqual([[expected.kind, expected.count]]);
        expect(found[0]?.ranges.length).toBe(expected.ranges.length);
        for (const [index, range] of expected.ranges.entries())
          expect(found[0]?.ranges[index]).toEqual(typeof range === "string" ? range : expect.stringMatching(range));
        expect(judge(found, circumstances).verdict).toBe("INVALID");
      }),
      MUTATED_RUNS,
    );
    expect(applied).toBeGreaterThan(0);
  });

  test("every kind that decides has a mutation, or a test of its own", () => {
    const decisive = Object.keys(ANOMALIES).filter((kind) => ANOMALIES[kind as AnomalyKind].verdict === "INVALID");
    const seen = new Set<string>();
    for (const mutation of MUTATIONS)
      for (let seed = 1, isDone = false; seed < 30 && !isDone; seed++) {
        const world = makeWorld(PIPELINES[0] as never, seed, { batches: 30, malformedPpm: 300_000 });
        const random = new RandomStream(seed, 1, 2);
        const expected = "before" in mutation ? mutation.before(world, random) : mutation.after(world, applySink(world), random);
        if (expected !== undefined) seen.add(expected.kind);
        isDone = expected !== undefined;
      }
    expect([...seen].toSorted()).toEqual(decisive.toSorted());
    expect(new Set(CHECKS.flatMap(({ kinds }) => kinds))).toEqual(new Set(Object.keys(ANOMALIES)));
  });
});

describe("the canary", () => {
  test("finds all it plants, and leaves the histories as they were", () => {
    fc.assert(
      fc.property(shape, ({ seed, pipeline, ...options }) => {
        const world = makeWorld(pipeline, seed, { ...options, batches: 60 });
        const histories = readWorld(world, applySink(world));
        const before = findAnomalies(histories);
        const result = runCanary(histories, before);
        expect(result).toEqual({ planted: 13, found: 13, missed: [] });
        expect(findAnomalies(histories)).toEqual(before);
      }),
      { numRuns: 8 },
    );
  });
});
