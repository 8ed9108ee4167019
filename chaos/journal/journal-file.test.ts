import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { FaultHistories, isUnhealed } from "../../contract/fault-history.ts";
import { journalClose } from "../../contract/fixture/close.ts";
import { JOURNAL_VERSION, type JournalRecord } from "../../contract/journal.ts";
import { encodeLog } from "../../contract/log-line.ts";
import { openJournal, readJournal, requireIntact } from "./journal-file.ts";

const directory = mkdtempSync(join(tmpdir(), "faultline-journal-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = join(directory, "faults.ndjson");

const planned = (id: number): JournalRecord => ({
  t: "planned",
  id,
  fault: { id, at_ms: 0, kind: "kill", target: { node: "kafka-1" }, hold_ms: 1 },
  node: "kafka-1",
  node_kind: "kafka",
  undo: { node: "kafka-1", release: `run-${id}` },
  at_ms: 5,
});
const open: JournalRecord = {
  t: "open",
  version: JOURNAL_VERSION,
  run: 1,
  seed: 1,
  plan_sha256: "",
  faults: 9,
  process: { pid: 1, start_ticks: 1, boot_id: "b" },
  at_ms: 1,
};
const records: JournalRecord[] = [
  open,
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
    expect(await readJournal(file)).toEqual({ records: [], unreadable: [], problems: [], isOpen: false });
    const journal = await openJournal(file);
    for (const record of records) await journal.append(record);
    await journal.close();
    const content = await readJournal(file);
    expect(content.records).toEqual(records);
    const { faults } = FaultHistories.of(content.records);
    expect(faults.filter(isUnhealed).map(({ id }) => id)).toEqual([3, 4]);
    expect(() => requireIntact(file, content)).not.toThrow();
  });

  it("reads every whole line of a file cut anywhere, and appends behind the last one", async () => {
    const bytes = Buffer.from(encodeLog(records));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length), async (length) => {
        writeFileSync(file, bytes.subarray(0, length));
        const content = await readJournal(file);
        expect(content.unreadable).toEqual([]);
        expect(content.records).toEqual(records.slice(0, content.records.length));
        const journal = await openJournal(file);
        await journal.append(planned(9));
        await journal.close();
        expect(await readJournal(file)).toMatchObject({ records: [...content.records, planned(9)], unreadable: [] });
      }),
      { numRuns: 60 },
    );
  });

  it("finds a changed byte anywhere, and still reads the other lines", async () => {
    const bytes = Buffer.from(encodeLog(records));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        writeFileSync(file, changed);
        const content = await readJournal(file);
        expect(content.records.length).toBeGreaterThanOrEqual(records.length - 2);
        expect(content.records.length).toBeLessThan(records.length);
        // The last line without its line end is torn, not damaged.
        if (at < bytes.length - 1)
          expect(() => requireIntact(file, content)).toThrow(/line \d+(, \d+)?: its checksum does not fit: /);
      }),
      { numRuns: 200 },
    );
    expect(readFileSync(file).length).toBe(bytes.length);
  });

  it("two writers at once leave one chain, with every line of both", async () => {
    rmSync(file, { force: true });
    const [engine, watchdog] = [await openJournal(file), await openJournal(file)];
    await engine.append(open);
    await engine.append(planned(1));
    expect(watchdog.isUnhealed(1)).toBe(true);
    await watchdog.append({ t: "healed", id: 1, by: "watchdog", proof: "", at_ms: 6 });
    expect(engine.isUnhealed(1)).toBe(false);
    await engine.append({ t: "active", id: 1, kind: "kill", node: "kafka-1", effective: false, proof: "", at_ms: 6 });
    await Promise.all([engine.append(planned(2)), watchdog.append({ ...planned(3), at_ms: 7 })]);
    await engine.append({ t: "failed", id: 2, why: "?", at_ms: 8 });
    await watchdog.append({ t: "failed", id: 3, why: "?", at_ms: 8 });
    expect([await engine.finish(9), await watchdog.finish(9)]).toEqual([true, false]);
    await Promise.all([engine.close(), watchdog.close()]);
    const content = await readJournal(file);
    expect(content).toMatchObject({ unreadable: [], problems: [], isOpen: false });
    expect(content.records.map(({ t }) => t).join(" ")).toBe(
      "open planned healed active planned planned failed failed close",
    );
    expect(content.records.at(-1)).toEqual(journalClose(content.records.slice(0, -1), 9));
  });

  it("a line that another process wrote from an old state stays, and is one problem", async () => {
    writeFileSync(file, encodeLog(records.slice(0, 2)) + encodeLog(records.slice(0, 3)).split("\n")[2] + "\n");
    const stale = encodeLog([...records.slice(0, 2), planned(7)]).split("\n")[2] as string;
    writeFileSync(file, `${readFileSync(file, "utf8")}${stale}\n`);
    const journal = await openJournal(file);
    await journal.append(records[3] as JournalRecord);
    await journal.close();
    expect(await readJournal(file)).toMatchObject({
      unreadable: [{ line: 4 }],
      records: records.slice(0, 4),
      problems: [],
    });
  });

  it("tells a journal of another version from a damaged one", async () => {
    const old = { ...planned(1), undo: { node: "kafka-1", resume: [], release: true } };
    writeFileSync(file, encodeLog([{ ...open, version: 1 }, old]));
    const content = await readJournal(file);
    expect(() => requireIntact(file, content)).toThrow(
      `${file}: line 1: version 1 is not known to this build (it reads version 4)`,
    );
  });
});
