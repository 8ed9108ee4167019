import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePipeline } from "../contract/pipeline.ts";
import { RandomStream } from "../contract/random.ts";
import { ANOMALIES } from "../contract/verdict.ts";
import type { AnomalyKind } from "../contract/verdict.ts";
import { PLANTS, runCanary } from "./canary/canary.ts";
import { REPLICA_PLANTS } from "./canary/replica-plants.ts";
import { WitnessCanary } from "./canary/witness-canary.ts";
import { WITNESS_PLANTS } from "./canary/witness-plants.ts";
import { CHECKS } from "./checks/all.ts";
import { WITNESS_CHECKS } from "./checks/witness.ts";
import { effort } from "./fixture/effort.ts";
import { MUTATIONS } from "./fixture/mutations.ts";
import { readWorld, worldBytes } from "./fixture/read-world.ts";
import { witnessOf } from "./fixture/witness.ts";
import { applySink } from "./fixture/sink.ts";
import { makeWorld } from "./fixture/world.ts";
import { findAnomalies } from "./checks/find-anomalies.ts";
import { judge } from "./judge.ts";

const PIPELINES = ["payments", "sensors"].map((name) => {
  const file = new URL(`../pipelines/${name}.yaml`, import.meta.url);
  return parsePipeline(readFileSync(file, "utf8"), `${name}.yaml`);
});

const circumstances = {
  unknown: [],
  doubtful: new Set<AnomalyKind>(),
  hollow: [],
  breaches: [],
};
const shape = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  pipeline: fc.constantFrom(...PIPELINES),
  batches: fc.integer({ min: 0, max: 40 }),
  malformedPpm: fc.constantFrom(0, 20_000, 300_000),
});
const RUNS = effort(25);
const MUTATED_RUNS = effort(8);
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
    const world = makeWorld(PIPELINES[0] as never, 4, { batches: 300, malformedPpm: 0 });
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
        const unseen = new Set(
          world.log[partition]?.slice(-records).flatMap(({ sequence }) => (below.has(sequence) ? [] : sequence)),
        );
        const found = findAnomalies(histories).filter(({ kind }) => ANOMALIES[kind].verdict !== "info");
        expect(found.map(({ kind, count }) => [kind, count])).toEqual(
          unseen.size === 0 ? [] : [["unseen", unseen.size]],
        );
        expect(judge(found, circumstances).verdict).toBe(unseen.size === 0 ? "VALID" : "STALLED");
      }),
      RUNS,
    );
  });
});

describe("each mutation gives exactly its anomaly", () => {
  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("%s", (_name, mutation) => {
    fc.assert(
      fc.property(mutable, ({ seed, pipeline, ...options }) => {
        const world = makeWorld(pipeline, seed, options);
        const random = new RandomStream(seed, 1, 2);
        const early = "before" in mutation ? mutation.before(world, random) : undefined;
        const tables = applySink(world);
        const expected = "after" in mutation ? mutation.after(world, tables, random) : early;
        // Some mutations find their place in one world of seven.
        fc.pre(expected !== undefined);
        const found = findAnomalies(readWorld(world, tables)).filter(
          ({ kind }) => ANOMALIES[kind].verdict !== "info" && kind !== expected.also,
        );
        expect(found.map(({ kind, count }) => [kind, count])).toEqual([[expected.kind, expected.count]]);
        expect(found[0]?.ranges.length).toBe(expected.ranges.length);
        for (const [index, range] of expected.ranges.entries())
          expect(found[0]?.ranges[index]).toEqual(typeof range === "string" ? range : expect.stringMatching(range));
        expect(judge(found, circumstances).verdict).toBe("INVALID");
      }),
      MUTATED_RUNS,
    );
  });

  test("every kind that decides has a mutation, or a test of its own", () => {
    const decisive = Object.keys(ANOMALIES).filter((kind) => ANOMALIES[kind as AnomalyKind].verdict === "INVALID");
    const seen = new Set<string>();
    for (const mutation of MUTATIONS)
      for (let seed = 1, isDone = false; seed < 30 && !isDone; seed++) {
        const world = makeWorld(PIPELINES[0] as never, seed, { batches: 30, malformedPpm: 300_000 });
        const random = new RandomStream(seed, 1, 2);
        const expected =
          "before" in mutation ? mutation.before(world, random) : mutation.after(world, applySink(world), random);
        if (expected !== undefined) seen.add(expected.kind);
        isDone = expected !== undefined;
      }
    // What rests on the witness: checks/witness.test.ts.
    const witnessed = new Set<string>(WITNESS_CHECKS.flatMap(({ kinds }) => kinds));
    expect([...seen].toSorted()).toEqual(decisive.filter((kind) => !witnessed.has(kind)).toSorted());
    expect(new Set(CHECKS.flatMap(({ kinds }) => kinds))).toEqual(new Set(Object.keys(ANOMALIES)));
  });
});

describe("the canary", () => {
  test("plants every kind that decides", () => {
    const decisive = Object.entries(ANOMALIES).flatMap(([kind, { verdict }]) => (verdict === "info" ? [] : kind));
    const planted = [...PLANTS, ...REPLICA_PLANTS, ...WITNESS_PLANTS].map(({ kind }) => kind);
    expect(new Set(planted)).toEqual(new Set([...decisive, "ledger-damage", "witness-damage"]));
  });

  test("finds all that it plants in a run, each under its name and at its place", () => {
    fc.assert(
      fc.property(shape, ({ seed, pipeline, ...options }) => {
        const world = makeWorld(pipeline, seed, { ...options, malformedPpm: 50_000, batches: 40 });
        const settings = { run: world.open.run, seed, malformedPpm: world.open.malformed_ppm };
        const bytes = worldBytes(world, applySink(world));
        const journal = { bytes: Buffer.alloc(0), problems: () => 0 };
        const result = runCanary({ pipeline, settings, topic: pipeline.topic, bytes, events: 400 }, journal, seed);
        expect(result).toMatchObject({ missed: [], untested: ["journal-damage"] });
        expect(result.planted).toBe(result.found);
        expect(result.planted).toBeGreaterThan(2 * PLANTS.length);
      }),
      effort(3),
    );
    // Each plant is another reading of the whole run.
  }, 120_000);

  test("finds what it plants in a witness; a witness that saw nothing has no place for it", () => {
    const world = makeWorld(PIPELINES[0] as never, 5, { malformedPpm: 50_000, batches: 40 });
    const settings = { run: world.open.run, seed: world.open.seed, malformedPpm: 50_000 };
    const bytes = worldBytes(world, applySink(world));
    const histories = readWorld(world, applySink(world));
    const small = { pipeline: world.pipeline, settings, topic: world.pipeline.topic, bytes, events: 40_000 };
    const journal = { bytes: Buffer.alloc(0), problems: () => 0 };
    const canaryOf = (lines: Buffer) => runCanary(small, journal, 3, new WitnessCanary(lines, histories, {}));
    expect(canaryOf(Buffer.alloc(0)).untested).toEqual([
      "journal-damage",
      "rewritten",
      "vanished",
      "rewound",
      "torn-visible",
      "late-visible",
      "witness-damage",
    ]);
    const { lines, seen } = witnessOf(histories);
    histories.witness = seen;
    const result = canaryOf(lines);
    expect(result).toMatchObject({ missed: [], untested: ["journal-damage"] });
    expect(result.found).toBe(result.planted);
  }, 60_000);

  test("says what was not found when a reader is blind", () => {
    const world = makeWorld(PIPELINES[0] as never, 5, { malformedPpm: 50_000, batches: 30 });
    const settings = { run: world.open.run, seed: world.open.seed, malformedPpm: world.open.malformed_ppm };
    const bytes = worldBytes(world, applySink(world));
    const blind = { bytes: Buffer.from("a journal\n"), problems: () => 0 };
    const small = { pipeline: world.pipeline, settings, topic: world.pipeline.topic, bytes, events: 40_000 };
    const { planted, found, missed } = runCanary(small, blind, 1);
    expect(planted - found).toBe(9);
    expect(missed).toEqual([
      "journal-damage (a bit of a journal line is flipped)",
      "journal-damage (a journal line is taken away)",
      "journal-damage (a journal line is repeated)",
    ]);
  });
});
