import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LEDGER_VERSION, type LedgerOpen, type LedgerRecord } from "../contract/ledger.ts";
import { LedgerMarks, markFile } from "./ledger-mark.ts";
import { openLedger } from "./ledger-open.ts";
import { recheckLedger } from "./ledger-recheck.ts";

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
const attempt = (p: number, s: number, n: number) =>
  ({ t: "attempt", p, s, n, first_ms: 10, last_ms: 20, a: 1, at_ms: 30 }) as const;
const ack = (p: number, s: number, n: number, o: number): LedgerRecord => ({ t: "ack", p, s, n, o, at_ms: 40 });

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-mark-"));
  path = join(directory, "ledger.ndjson");
});
afterEach(() => rm(directory, { recursive: true }));

/** A producer that was killed behind its last mark, with one batch in doubt: 4 lines before the mark, 2 behind it. */
async function killedProducer(): Promise<void> {
  const { writer } = await openLedger(path, opening);
  const marks = new LedgerMarks(path, writer);
  await writer.attempt(attempt(1, 0, 3));
  writer.append(ack(1, 0, 3, 0));
  await writer.attempt(attempt(0, 0, 2));
  await marks.write();
  writer.append(ack(0, 0, 2, 0));
  await writer.attempt(attempt(1, 3, 5));
  await writer.close();
}

const start = async () => {
  const ledger = await openLedger(path, { ...opening, pid: 2 });
  await ledger.writer.close();
  return ledger;
};

test("a start reads only the lines behind the mark, and knows as much as one that reads all", async () => {
  await killedProducer();
  const text = await readFile(path);
  const fromMark = await start();
  expect(fromMark.mark?.state.tally.lines).toBe(4);
  await writeFile(path, text);
  await rm(markFile(path));
  const fromStart = await start();
  expect(fromStart.mark).toBeUndefined();
  expect(fromMark.replay.lanes).toEqual(fromStart.replay.lanes);
  expect(fromMark.writer.durable).toEqual(fromStart.writer.durable);
  expect(fromMark.restarted).toBe(true);
});

const spoil = (text: string, at: number) => `${text.slice(0, at)}${text[at] === "1" ? "2" : "1"}${text.slice(at + 1)}`;

test.each<[string, (mark: string, ledger: string) => [string, string]]>([
  ["a mark that is torn", (mark, ledger) => [mark.slice(0, -9), ledger]],
  ["a mark that was changed", (mark, ledger) => [spoil(mark, mark.indexOf('"attempts":') + 11), ledger]],
  [
    "a mark of a longer ledger",
    (mark, ledger) => [
      mark,
      ledger
        .split(/(?<=\n)/)
        .slice(0, 3)
        .join(""),
    ],
  ],
  ["an empty mark", (_mark, ledger) => ["", ledger]],
])("%s is not used: the start reads the whole ledger", async (_name, change) => {
  await killedProducer();
  const [mark, ledger] = change(await readFile(markFile(path), "utf8"), await readFile(path, "utf8"));
  await writeFile(markFile(path), mark);
  await writeFile(path, ledger);
  const opened = await start();
  expect(opened.mark).toBeUndefined();
  expect(opened.replay.lanes[1]?.nextSequence).toBeGreaterThan(0);
});

test("a mark whose last line was changed in the ledger is not used, and the start refuses", async () => {
  await killedProducer();
  const lines = (await readFile(path, "utf8")).split(/(?<=\n)/);
  lines[3] = (lines[3] as string).replace('"n":2', '"n":3');
  await writeFile(path, lines.join(""));
  await expect(start()).rejects.toMatchObject({
    code: "FL_LEDGER_DAMAGED",
    message: expect.stringContaining("line 4 "),
  });
});

test("damage before the mark is found while the lanes send already; an undamaged ledger is not accused", async () => {
  await killedProducer();
  const { mark } = await start();
  if (mark === undefined) throw new Error("no mark");
  const { signal } = new AbortController();
  await recheckLedger(path, mark, signal, 0);
  await writeFile(path, (await readFile(path, "utf8")).replace('"n":3', '"n":4'));
  await expect(recheckLedger(path, mark, signal, 0)).rejects.toMatchObject({
    code: "FL_LEDGER_DAMAGED",
    message: expect.stringContaining("line 2 "),
  });
});

test("a discarded mark is gone, and none is written any more", async () => {
  const { writer } = await openLedger(path, opening);
  const marks = new LedgerMarks(path, writer);
  await marks.write();
  await marks.discard();
  await writer.attempt(attempt(0, 0, 1));
  await marks.stop();
  await writer.close();
  await expect(readFile(markFile(path))).rejects.toMatchObject({ code: "ENOENT" });
});
