import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeJournal } from "../contract/journal.ts";
import { BoundedSource } from "./bounded-source.ts";
import { JournalTail } from "./journal-tail.ts";
import { fault, sampleAt } from "./recovery.fixture.ts";
import { encodeSample, readSamples, SampleLog } from "./sample-log.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-report-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("a source that hangs", () => {
  test("is unknown in time, is not asked again meanwhile, and its late answer is thrown away", async () => {
    let asked = 0;
    const hanging = Promise.withResolvers<string>();
    const told: (string | undefined)[] = [];
    const source = new BoundedSource(
      "slow",
      () => (++asked === 1 ? hanging.promise : Promise.resolve("fresh")),
      (_name, problem) => told.push(problem),
    );
    const start = performance.now();
    expect(await source.sample(50)).toBeNull();
    expect(performance.now() - start).toBeLessThan(500);
    expect(await source.sample(50)).toBeNull();
    expect(asked).toBe(1);
    hanging.resolve("stale");
    await new Promise(setImmediate);
    expect(await source.sample(50)).toBe("fresh");
    expect(told).toEqual(["no answer within 50 ms", undefined]);
  });

  test("an error is unknown too, and is told once", async () => {
    const told: (string | undefined)[] = [];
    const source = new BoundedSource(
      "broken",
      () => Promise.reject(new AggregateError([new Error("refused"), new Error("refused")])),
      (_name, problem) => told.push(problem),
    );
    expect([await source.sample(50), await source.sample(50)]).toEqual([null, null]);
    expect(told).toEqual(["refused"]);
  });
});

describe("following a fault journal", () => {
  test("a fault is active from its effect to its undo; torn and damaged lines are no records", async () => {
    const path = join(directory, "faults.ndjson");
    const tail = new JournalTail(path);
    expect(await tail.read()).toEqual({ active: [], records: [] });
    const [planned, active, healed] = fault({ id: 4, plannedMs: 1, activeMs: 2, healedMs: 3 }).map(encodeJournal) as [string, string, string];
    await writeFile(path, planned + active.slice(0, 30));
    expect((await tail.read()).active).toEqual([]);
    await appendFile(path, active.slice(30));
    expect((await tail.read()).active).toEqual([{ id: 4, kind: "kill", node: "kafka-2", sinceMs: 2 }]);
    await appendFile(path, healed.replace("4712", "4713"));
    expect((await tail.read()).active).toHaveLength(1);
    await appendFile(path, healed);
    expect(await tail.read()).toMatchObject({ active: [], records: [{ t: "healed" }] });
  });

  test("an ineffective fault is not active, and a new file starts anew", async () => {
    const path = join(directory, "faults.ndjson");
    const tail = new JournalTail(path);
    await writeFile(path, fault({ id: 1, plannedMs: 1, activeMs: 2 }).map(encodeJournal).join(""));
    expect((await tail.read()).active).toHaveLength(1);
    await writeFile(path, fault({ id: 2, plannedMs: 1, activeMs: 2, effective: false }).map(encodeJournal)[1] ?? "");
    expect((await tail.read()).active).toEqual([]);
  });
});

describe("samples on disk", () => {
  test("come back as they were, whoever tore a line meanwhile", async () => {
    const path = join(directory, "samples.ndjson");
    const samples = [sampleAt(1, { next_offsets: [1, 2], faults: [3] }), sampleAt(2, { lag: 5 })] as const;
    await writeFile(path, encodeSample(samples[0]) + encodeSample(samples[1]).slice(0, 20));
    const log = await SampleLog.open(path);
    await log.append(samples[1]);
    await log.close();
    expect(await readSamples(path)).toEqual({ samples: [...samples], damaged: 1 });
    await appendFile(path, '{"at_ms": 3');
    expect(await readSamples(path)).toEqual({ samples: [...samples], damaged: 1 });
    expect((await readFile(path, "utf8")).split("\n")).toHaveLength(4);
  });
});
