import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodeLedger, type LedgerOpen, type LedgerRecord } from "../contract/ledger.ts";
import { readLedgerLines } from "./ledger-lines.ts";
import { openLedger } from "./ledger-open.ts";
import { LedgerWriter, type AppendFile } from "./ledger-writer.ts";

const opening: LedgerOpen = {
  t: "open",
  version: 1,
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
  fc.record({ t: fc.constant("attempt" as const), p: fc.nat(999), s: whole, n: fc.nat(5000), first_ms: whole, last_ms: whole, a: fc.nat(9), at_ms: whole }),
  fc.record({ t: fc.constant("ack" as const), p: fc.nat(999), s: whole, n: fc.nat(5000), o: whole, at_ms: whole }),
  fc.record({ t: fc.constant("indeterminate" as const), p: fc.nat(999), s: whole, n: fc.nat(5000), why: fc.string({ unit: "binary" }), at_ms: whole }),
  fc.record({ t: fc.constant("close" as const), at_ms: whole }),
);

describe("reading", () => {
  test("what was written is read again, whatever is torn off at the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 20 }), fc.double({ min: 0, max: 1, noNaN: true }), async (written, share) => {
        const lines = written.map((record) => Buffer.from(encodeLedger(record)));
        const bytes = Buffer.concat(lines);
        const kept = Math.floor(bytes.length * share);
        await writeFile(path, bytes.subarray(0, kept));
        let wholeLines = 0;
        for (let end = 0; wholeLines < lines.length && (end += (lines[wholeLines] as Buffer).length) <= kept;) wholeLines++;
        expect(await records()).toEqual(written.slice(0, wholeLines));
      }),
      { numRuns: 50 },
    );
  });

  test("a line longer than a chunk's rest is put together again", async () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => attempt(0, index, 1));
    await writeFile(path, lines.map(encodeLedger).join(""));
    expect(await records()).toEqual(lines);
  });

  test("any changed byte before the last newline is damage, with its line number", async () => {
    const text = Buffer.from(encodeLedger(opening) + encodeLedger(attempt(0, 0, 3)) + encodeLedger(ack(0, 0, 3, 0)));
    const second = text.indexOf("\n") + 1;
    const third = text.indexOf("\n", second) + 1;
    for (let at = second; at < third - 1; at++) {
      const broken = Buffer.from(text);
      broken[at] = (broken[at] as number) ^ 1;
      await writeFile(path, broken);
      await expect(records(), `byte ${at}`).rejects.toMatchObject({ code: "FL_LEDGER_DAMAGED", message: expect.stringContaining("line 2 ") });
    }
  });
});

describe("opening", () => {
  test("a torn end is cut off, then the new open line follows, and a batch without outcome is declared indeterminate", async () => {
    await writeFile(path, `${encodeLedger(opening)}${encodeLedger(attempt(1, 0, 3))}${encodeLedger(ack(1, 0, 3, 0)).slice(0, 30)}`);
    const ledger = await openLedger(path, { ...opening, pid: 2 });
    expect(ledger).toMatchObject({ restarted: true, tornBytes: 30 });
    expect(ledger.replay.lanes[1]).toMatchObject({ nextSequence: 3, unsettled: { sequence: 0, count: 3, firstMs: 10, lastMs: 20, attempts: 1 } });
    await ledger.writer.close();
    expect((await records()).map((record) => record.t)).toEqual(["open", "attempt", "open", "indeterminate"]);
  });

  test.each([
    ["a damaged middle", (text: string) => text.replace('"n":3', '"n":4'), "line 2 "],
    ["a file that does not begin with open", (text: string) => text.slice(text.indexOf("\n") + 1), "line 1 "],
    ["a skipped sequence", (text: string) => text + encodeLedger(attempt(0, 9, 1)), "line 4 "],
    ["a batch tried again with another size", (text: string) => text + encodeLedger(attempt(1, 0, 2, 2)), "line 4 "],
    ["an outcome without its attempt", (text: string) => text + encodeLedger(ack(0, 0, 3, 0)), "line 4 "],
    ["a partition that the topic has not", (text: string) => text + encodeLedger(attempt(2, 0, 1)), "line 4 "],
  ])("%s is refused, and the file stays as it is", async (_name, spoil, line) => {
    const text = spoil(encodeLedger(opening) + encodeLedger(attempt(1, 0, 3)) + encodeLedger(ack(1, 0, 3, 0)));
    await writeFile(path, text);
    await expect(openLedger(path, opening)).rejects.toMatchObject({ code: "FL_LEDGER_DAMAGED", message: expect.stringContaining(line) });
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
    const writer = new LedgerWriter(disk, "ledger", 0);
    const durable = async (p: number) => {
      await writer.attempt(attempt(p, 0, 1));
      return disk.written.slice(0, disk.syncedLength).includes(`"p":${p},`);
    };
    expect(await Promise.all(Array.from({ length: 50 }, (_, p) => durable(p)))).not.toContain(false);
    expect(disk.syncs).toBeLessThanOrEqual(3);
    expect(disk.written).toBe(Array.from({ length: 50 }, (_, p) => encodeLedger(attempt(p, 0, 1))).join(""));
  });

  test("an outcome is written without a sync of its own, and is synced at the end", async () => {
    const disk = new Disk();
    const writer = new LedgerWriter(disk, "ledger", 0);
    writer.append(ack(0, 0, 1, 0));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([disk.written, disk.syncs]).toEqual([encodeLedger(ack(0, 0, 1, 0)), 0]);
    await writer.close({ t: "close", at_ms: 1 });
    expect(disk.syncedLength).toBe(disk.written.length);
  });

  test("a full disk rejects all who wait, leaves whole lines, and stays an error", async () => {
    const disk = new Disk();
    const writer = new LedgerWriter(disk, "ledger", 0);
    await writer.attempt(attempt(0, 0, 1));
    const before = disk.written;
    disk.room = 50;
    const waits = await Promise.allSettled([writer.attempt(attempt(0, 1, 1)), writer.attempt(attempt(1, 0, 1))]);
    for (const wait of waits) expect(wait).toMatchObject({ status: "rejected", reason: { code: "FL_DISK_FULL" } });
    expect(disk.written).toBe(before);
    disk.room = Infinity;
    await expect(writer.attempt(attempt(0, 1, 1))).rejects.toMatchObject({ code: "FL_DISK_FULL" });
    writer.append(ack(0, 0, 1, 0));
    await writer.close({ t: "close", at_ms: 1 });
    expect(disk.written).toBe(before);
  });
});
