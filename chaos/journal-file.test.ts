import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { encodeJournal, type JournalRecord } from "../contract/journal.ts";
import { openJournal, readJournal, requireIntact, unhealed } from "./journal-file.ts";

const directory = mkdtempSync(join(tmpdir(), "faultline-journal-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, "faults.ndjson");

const planned = (id: number): JournalRecord => ({
  t: "planned",
  id,
  fault: { id, at_ms: 0, kind: "kill", target: { node: "kafka-1" }, hold_ms: 1 },
  node: "kafka-1",
  node_kind: "kafka",
  undo: { node: "kafka-1", resume: [], release: true },
  at_ms: 5,
});
const records: JournalRecord[] = [
  planned(1),
  { t: "active", id: 1, kind: "kill", node: "kafka-1", effective: true, proof: "gonë", at_ms: 6 },
  { t: "healed", id: 1, by: "engine", proof: "runs", at_ms: 7 },
  planned(2),
  { t: "failed", id: 2, why: "?", at_ms: 8 },
  planned(3),
  planned(4),
];

describe("the fault journal", () => {
  it("writes what it reads, and knows what is not healed", async () => {
    rmSync(file, { force: true });
    expect(await readJournal(file)).toEqual({ records: [], damagedLines: [], intactBytes: 0 });
    const journal = await openJournal(file, await readJournal(file));
    for (const record of records) await journal.append(record);
    await journal.close();
    const content = await readJournal(file);
    expect(content.records).toEqual(records);
    expect(unhealed(content.records).map(({ id }) => id)).toEqual([3, 4]);
    expect(() => requireIntact(file, content)).not.toThrow();
  });

  it("reads every whole line of a file cut anywhere, and appends behind the last one", async () => {
    const bytes = Buffer.from(records.map(encodeJournal).join(""));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), async (length) => {
        writeFileSync(file, bytes.subarray(0, length));
        const content = await readJournal(file);
        expect(content.damagedLines).toEqual([]);
        expect(content.records).toEqual(records.slice(0, content.records.length));
        const journal = await openJournal(file, content);
        await journal.append(planned(9));
        await journal.close();
        expect(await readJournal(file)).toMatchObject({ records: [...content.records, planned(9)], damagedLines: [] });
      }),
      { numRuns: 60 },
    );
  });

  it("finds a changed byte anywhere, and still reads the other lines", async () => {
    const bytes = Buffer.from(records.map(encodeJournal).join(""));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        writeFileSync(file, changed);
        const content = await readJournal(file);
        expect(content.records.length).toBeGreaterThanOrEqual(records.length - 2);
        expect(content.records.length).toBeLessThan(records.length);
        // The last line without its line end is torn, not damaged.
        if (at < bytes.length - 1) expect(() => requireIntact(file, content)).toThrow(/line \d+(, \d+)? is damaged/);
      }),
      { numRuns: 200 },
    );
    expect(readFileSync(file).length).toBe(bytes.length);
  });
});
