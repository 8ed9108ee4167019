import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeLog } from "../../contract/log-line.ts";
import { BoundedSource } from "./bounded-source.ts";
import { JournalTail } from "./journal-tail.ts";
import { fault } from "../../report/fixture/recovery.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-sources-"));
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
    const askedMs = Date.now();
    const answer = await source.sample(50);
    expect(answer?.value).toBe("fresh");
    expect(answer?.atMs).toBeGreaterThanOrEqual(askedMs);
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
    expect(await tail.read()).toEqual({ active: [], faults: [], records: [] });
    const text = encodeLog(fault({ id: 4, plannedMs: 1, activeMs: 2, healedMs: 3, recoveredMs: 4 }));
    const [planned, active, healed, recovered] = text.split(/(?<=\n)/) as [string, string, string, string];
    await writeFile(path, planned + active.slice(0, 30));
    expect((await tail.read()).active).toEqual([]);
    await appendFile(path, active.slice(30));
    expect((await tail.read()).active).toEqual([
      expect.objectContaining({ id: 4, kind: "kill", node: "kafka-2", probedMs: 2 }),
    ]);
    await appendFile(path, healed.replace("4712", "4713"));
    expect((await tail.read()).active).toHaveLength(1);
    await appendFile(path, recovered);
    expect(await tail.read()).toMatchObject({ active: [{ id: 4 }], records: [{ t: "recovered" }] });
    await writeFile(path, planned);
    await tail.read();
    await writeFile(path, planned + active + healed);
    expect(await tail.read()).toMatchObject({ active: [], records: [{ t: "active" }, { t: "healed" }] });
  });

  test("an ineffective fault is not active, and a new file is read from its start", async () => {
    const path = join(directory, "faults.ndjson");
    const tail = new JournalTail(path);
    await writeFile(path, encodeLog(fault({ id: 1, plannedMs: 1, activeMs: 2 })));
    expect((await tail.read()).active).toHaveLength(1);
    await writeFile(path, encodeLog(fault({ id: 2, plannedMs: 1, activeMs: 2, effective: false }).slice(1)));
    expect((await tail.read()).active).toEqual([]);
  });
});
