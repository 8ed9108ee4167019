import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ledgerClose } from "../contract/fixture/close.ts";
import { LedgerGrammar } from "../contract/ledger-grammar.ts";
import { LEDGER_VERSION, type LedgerOpen, type LedgerRecord } from "../contract/ledger.ts";
import { crcText, encodeLog } from "../contract/log-line.ts";
import { readLedgerLines } from "./ledger-lines.ts";
import { openLedger } from "./ledger-open.ts";
import { LedgerWriter, type AppendFile } from "./ledger-writer.ts";

const opening: LedgerOpen = {
  t: "open",
  version: LEDGER_VERSION,
  run: 5,
  seed: 7,
  malformed_ppm: 0,
  pipeline: "payments",
  pipeline_sha256: "ab",
  topic: "payments",
  partitions: 2,
  pid: 1,
  at_ms: 1,
};
const attempt = (p: number, s: number, n: number, a = 1): LedgerRecord & { t: "attempt" } => ({
  t: "attempt",
  p,
  s,
  n,
  first_ms: 10,
  last_ms: 20,
  a,
  at_ms: 30,
});
const ack = (p: number, s: number, n: number, o: number): LedgerRecord => ({ t: "ack", p, s, n, o, at_ms: 40 });

const good: LedgerRecord[] = [opening, attempt(1, 0, 3), ack(1, 0, 3, 0)];
const nothing = () => ({ size: 0, crc: 0, grammar: new LedgerGrammar() });

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-ledger-"));
  path = join(directory, "ledger.ndjson");
});
afterEach(() => rm(directory, { recursive: true }));

async function records(): Promise<LedgerRecord[]> {
  const file = await open(path, "r");
  try {
    return (await Array.fromAsync(readLedgerLines(file, path))).map((line) => line.record);
  } finally {
    await file.close();
  }
}

const whole = fc.nat({ max: 2 ** 45 });
const anyRecord: fc.Arbitrary<LedgerRecord> = fc.oneof(
  fc.record({
    t: fc.constant("attempt" as const),
    p: fc.nat(999),
    s: whole,
    n: fc.nat(5000),
    first_ms: whole,
    last_ms: whole,
    a: fc.nat(9),
    at_ms: whole,
  }),
  fc.record({ t: fc.constant("ack" as const), p: fc.nat(999), s: whole, n: fc.nat(5000), o: whole, at_ms: whole }),
  fc.record({
    t: fc.constant("indeterminate" as const),
    p: fc.nat(999),
    s: whole,
    n: fc.nat(5000),
    why: fc.string({ unit: "binary" }),
    at_ms: whole,
  }),
  whole.map((atMs) => ledgerClose([], atMs)),
);

describe("reading", () => {
  test("what was written is read again, whatever is torn off at the end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRecord, { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (written, share) => {
          const bytes = Buffer.from(encodeLog(written));
          const lines = encodeLog(written)
            .split(/(?<=\n)/)
            .map((line) => Buffer.from(line));
          const kept = Math.floor(bytes.length * share);
          await writeFile(path, bytes.subarray(0, kept));
          let wholeLines = 0;
          for (let end = 0; wholeLines < lines.length && (end += (lines[wholeLines] as Buffer).length) <= kept;)
            wholeLines++;
          expect(await records()).toEqual(written.slice(0, wholeLines));
        },
      ),
      { numRuns: 50 },
    );
  });

  test("a line longer than a chunk's rest is put together again", async () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => attempt(0, index, 1));
    await writeFile(path, encodeLog(lines));
    expect(await records()).toEqual(lines);
  });

  test("any changed byte before the last newline is damage, with its line number", async () => {
    const text = Buffer.from(encodeLog([opening, attempt(0, 0, 3), ack(0, 0, 3, 0)]));
    const second = text.indexOf("\n") + 1;
    const third = text.indexOf("\n", second) + 1;
    for (let at = second; at < third - 1; at++) {
      const broken = Buffer.from(text);
      broken[at] = (broken[at] as number) ^ 1;
      await writeFile(path, broken);
      await expect(records(), `byte ${at}`).rejects.toMatchObject({
        code: "FL_LEDGER_DAMAGED",
        message: expect.stringContaining("line 2 "),
      });
    }
  });
});

describe("opening", () => {
  test("a torn end is cut off, then the new open line follows, and a batch without outcome is declared indeterminate", async () => {
    const text = encodeLog([opening, attempt(1, 0, 3), ack(1, 0, 3, 0)]);
    await writeFile(path, text.slice(0, text.lastIndexOf("{") + 30));
    const ledger = await openLedger(path, { ...opening, pid: 2 });
    expect(ledger).toMatchObject({ restarted: true, tornBytes: 30 });
    expect(ledger.replay.lanes[1]).toMatchObject({
      nextSequence: 3,
      unsettled: { sequence: 0, count: 3, firstMs: 10, lastMs: 20, attempts: 1 },
    });
    await ledger.writer.close();
    expect((await records()).map((record) => record.t)).toEqual(["open", "attempt", "open", "indeterminate"]);
  });

  test.each([
    ["a damaged middle", encodeLog(good).replace('"n":3', '"n":4'), "line 2 "],
    ["a line that is gone", encodeLog(good).replace(/^.*"attempt".*\n/m, ""), "line 2 "],
    [
      "a newer version",
      encodeLog([{ ...opening, version: 3 }, ...good]),
      "line 1 can't be used: version 3 is not known to this build (it reads version 2)",
    ],
    ["a file that does not begin with open", encodeLog(good.slice(1)), "line 1 "],
    ["a skipped sequence", encodeLog([...good, attempt(0, 9, 1)]), "line 4 "],
    ["a batch tried again with another size", encodeLog([...good, attempt(1, 0, 2, 2)]), "line 4 "],
    ["an outcome without its attempt", encodeLog([...good, ack(0, 0, 3, 0)]), "line 4 "],
    ["a close with other totals", encodeLog([...good, ledgerClose(good.slice(1), 50)]), "line 4 "],
    ["a line after close", encodeLog([...good, ledgerClose(good, 50), attempt(1, 3, 1)]), "line 5 "],
    ["a partition that the topic has not", encodeLog([...good, attempt(2, 0, 1)]), "line 4 "],
  ])("%s is refused, and the file stays as it is", async (_name, text, line) => {
    await writeFile(path, text);
    await expect(openLedger(path, opening)).rejects.toMatchObject({
      code: "FL_LEDGER_DAMAGED",
      message: expect.stringContaining(line),
    });
    expect(await readFile(path, "utf8")).toBe(text);
  });

  test("another seed, pipeline or topic is another run", async () => {
    await (await openLedger(path, opening)).writer.close();
    for (const other of [{ seed: 8 }, { pipeline_sha256: "cd" }, { topic: "x" }, { malformed_ppm: 1 }, { run: 6 }])
      await expect(openLedger(path, { ...opening, ...other })).rejects.toMatchObject({
        code: "FL_CONFIG_INVALID",
        message: expect.stringContaining(Object.keys(other)[0] as string),
      });
    await (await openLedger(path, { ...opening, pid: 9, at_ms: 99 })).writer.close();
  });

  test("a second writer is refused until the first is gone", async () => {
    const first = await openLedger(path, opening);
    await expect(openLedger(path, opening)).rejects.toMatchObject({ code: "FL_STACK_BUSY" });
    await first.writer.close();
    await (await openLedger(path, opening)).writer.close();
    expect((await records()).map((record) => record.t)).toEqual(["open", "open"]);
  });
});

describe("writing", () => {
  /** A disk that keeps what was written and what was synced apart, and can run full. */
  class Disk implements AppendFile {
    written = "";
    syncedLength = 0;
    syncs = 0;
    room = Infinity;
    async write(buffer: Buffer, offset: number, length: number): Promise<{ bytesWritten: number }> {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.room === 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      const bytesWritten = Math.min(length, this.room, 100);
      this.room -= bytesWritten;
      this.written += buffer.toString("latin1", offset, offset + bytesWritten);
      return { bytesWritten };
    }
    async datasync(): Promise<void> {
      await new Promise((resolve) => setImmediate(resolve));
      this.syncs++;
      this.syncedLength = this.written.length;
    }
    async truncate(length: number): Promise<void> {
      this.written = this.written.slice(0, length);
    }
    async close(): Promise<void> {}
  }

  test("an attempt is synced when its promise resolves; lanes that wait together share a sync", async () => {
    const disk = new Disk();
    const writer = new LedgerWriter(disk, "ledger", nothing());
    const durable = async (p: number) => {
      await writer.attempt(attempt(p, 0, 1));
      return disk.written.slice(0, disk.syncedLength).includes(`"p":${p},`);
    };
    expect(await Promise.all(Array.from({ length: 50 }, (_, p) => durable(p)))).not.toContain(false);
    expect(disk.syncs).toBeLessThanOrEqual(3);
    expect(disk.written).toBe(encodeLog(Array.from({ length: 50 }, (_, p) => attempt(p, 0, 1))));
  });

  test("an outcome is written without a sync of its own, and is synced at the end", async () => {
    const disk = new Disk();
    const writer = new LedgerWriter(disk, "ledger", nothing());
    writer.append(ack(0, 0, 1, 0));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([disk.written, disk.syncs]).toEqual([encodeLog([ack(0, 0, 1, 0)]), 0]);
    await writer.close(1);
    expect(disk.syncedLength).toBe(disk.written.length);
  });

  test("what is durable is told: a written line only after its sync", async () => {
    const disk = new Disk();
    const writer = new LedgerWriter(disk, "ledger", nothing());
    await writer.commit(opening);
    await writer.attempt(attempt(0, 0, 3));
    writer.append(ack(0, 0, 3, 0));
    const figures = () => [writer.durable.tally.lines, writer.durable.tally.acknowledged];
    await expect.poll(() => writer.isWritten).toBe(true);
    expect(figures()).toEqual([2, 0]);
    await writer.flush();
    expect(figures()).toEqual([3, 3]);
    const { syncs } = disk;
    await writer.flush();
    expect(disk.syncs).toBe(syncs);
    await writer.close(50);
    const lines = [opening, attempt(0, 0, 3), ack(0, 0, 3, 0)];
    expect(disk.written).toBe(encodeLog([...lines, ledgerClose(lines, 50)]));
    expect(disk.written.endsWith(`"crc":"${crcText(writer.durable.crc)}"}\n`)).toBe(true);
  });

  test("a restarted producer continues the chain and the totals", async () => {
    await writeFile(path, encodeLog(good));
    const { writer } = await openLedger(path, opening);
    await writer.attempt(attempt(1, 3, 1));
    writer.append(ack(1, 3, 1, 3));
    await writer.close(50);
    expect((await records()).at(-1)).toEqual({
      t: "close",
      lines: 6,
      attempts: 2,
      acknowledged: 4,
      failed: 0,
      indeterminate: 0,
      at_ms: 50,
    });
  });

  test("a full disk rejects all who wait, leaves whole lines, and stays an error", async () => {
    const disk = new Disk();
    const writer = new LedgerWriter(disk, "ledger", nothing());
    await writer.attempt(attempt(0, 0, 1));
    const before = disk.written;
    disk.room = 50;
    const waits = await Promise.allSettled([writer.attempt(attempt(0, 1, 1)), writer.attempt(attempt(1, 0, 1))]);
    for (const wait of waits) expect(wait).toMatchObject({ status: "rejected", reason: { code: "FL_DISK_FULL" } });
    expect(disk.written).toBe(before);
    disk.room = Infinity;
    await expect(writer.attempt(attempt(0, 1, 1))).rejects.toMatchObject({ code: "FL_DISK_FULL" });
    writer.append(ack(0, 0, 1, 0));
    await writer.close(1);
    expect(disk.written).toBe(before);
  });
});
