import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createdMsOf, eventKey, eventNumber, eventPlace, eventSource, parseEventKey } from "./event.ts";
import { parsePipeline } from "./pipeline.ts";

const read = (name: string) =>
  parsePipeline(readFileSync(new URL(`../pipelines/${name}.yaml`, import.meta.url), "utf8"), name);
const partition = fc.integer({ min: 0, max: 999 });
const sequence = fc.integer({ min: 0, max: 2 ** 40 - 1 });

describe("identity", () => {
  it("number and key lead back to partition and sequence", () => {
    fc.assert(
      fc.property(partition, sequence, (p, s) => {
        expect(eventPlace(eventNumber(p, s))).toEqual({ partition: p, sequence: s });
        expect(parseEventKey(eventKey(1_763_000_000, p, s))).toEqual({ run: 1_763_000_000, partition: p, sequence: s });
      }),
    );
  });
  it("refuses what no event has", () => {
    for (const key of ["", "1", "1:", "01:2", "1:-2", "1:99999999999999999", "a:1", "1:2 "])
      expect(parseEventKey(key), key).toBeUndefined();
  });
});

describe.each([
  ["payments", "2d01ecb26c54b899bf304869be3ee14538711d6cdcb4b8ea476d13985f05bead"],
  ["sensors", "3db18cdeb1c34c72f1ab3eb5a62d9509df14bf8e623f0b60418ee6415b8b87ac"],
])("events of %s", (name, sha256) => {
  const pipeline = read(name);
  const settings = { run: 1_763_000_000, seed: 7, malformedPpm: 100_000 };

  it("are the same for everyone who recomputes them, and others for another seed", () => {
    fc.assert(
      fc.property(partition, sequence, fc.integer({ min: 0, max: 4e12 }), (p, s, ms) => {
        const value = eventSource(pipeline, settings).value(p, s, ms);
        expect(eventSource(pipeline, settings).value(p, s, ms).equals(value)).toBe(true);
      }),
    );
    expect(eventSource(pipeline, settings).json(0, 1, 0)).not.toBe(
      eventSource(pipeline, { ...settings, seed: 8 }).json(0, 1, 0),
    );
  });

  it("are those of every build before: a run of an older one can still be judged", () => {
    const source = eventSource(pipeline, settings);
    const hash = createHash("sha256");
    for (const p of [0, 3, 999])
      for (const base of [0, 2 ** 33])
        for (let s = base; s < base + 500; s++)
          hash.update(source.value(p, s, 1_763_000_000_000 + (s % 1000) * 37)).update(source.json(p, s, s % 4e12));
    expect(hash.digest("hex")).toBe(sha256);
  });

  it("have the pipeline's members in order, and values of their types", () => {
    const source = eventSource(pipeline, settings);
    for (let s = 0; s < 500; s++) {
      const event = JSON.parse(source.json(3, s, 1_763_000_000_123)) as Record<string, unknown>;
      expect(Object.keys(event)).toEqual([
        pipeline.identity.run,
        pipeline.identity.event,
        ...pipeline.fields.map((field) => field.name),
      ]);
      for (const field of pipeline.fields) if (!field.nullable) expect(event[field.name]).not.toBeNull();
    }
  });

  it("are malformed at about the rate asked for, and then no JSON object with their identity", () => {
    const source = eventSource(pipeline, settings);
    const malformed = Array.from({ length: 2000 }, (_, s) => s).filter((s) => source.isMalformed(1, s));
    expect(malformed.length).toBeGreaterThan(140);
    expect(malformed.length).toBeLessThan(260);
    for (const s of malformed) {
      const bytes = source.value(1, s, 0);
      const number = eventNumber(1, s);
      expect(isWhole(bytes, pipeline.identity.event, number)).toBe(false);
    }
    expect(isWhole(Buffer.from(source.json(1, 0, 0)), pipeline.identity.event, eventNumber(1, 0))).toBe(true);
  });
});

function isWhole(bytes: Buffer, member: string, number: number): boolean {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))[member] === number;
  } catch {
    return false;
  }
}

it("creation times of a batch run from its first to its last", () => {
  const batch = { firstMs: 1000, lastMs: 1999, count: 100 };
  const times = Array.from({ length: 100 }, (_, index) => createdMsOf(batch, index));
  expect([times[0], times[99]]).toEqual([1000, 1999]);
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
  expect(createdMsOf({ firstMs: 5, lastMs: 9, count: 1 }, 0)).toBe(5);
});
