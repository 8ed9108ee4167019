import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ledgerOpen } from "../../contract/fixture/ledger-open.ts";
import { encodeLog } from "../../contract/log-line.ts";
import { ledgerSize, readLedger, readLedgerOpen } from "./ledger-file.ts";

let directory: string;
let file: string;
// The tests of a wing run once for each mutant, within one process.
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "faultline-ledger-"));
  file = join(directory, "ledger.ndjson");
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const open = ledgerOpen(6);

test("the first open that can be read is the run's", async () => {
  writeFileSync(file, `{}\n${encodeLog([open, { ...open, seed: 2 }])}`);
  expect(await readLedgerOpen(file)).toEqual(open);
});

test("a ledger of another version is refused, with both versions", async () => {
  writeFileSync(file, encodeLog([{ ...open, version: 3 }]));
  await expect(readLedgerOpen(file)).rejects.toMatchObject({
    code: "FL_LEDGER_DAMAGED",
    message: expect.stringContaining("line 1: version 3 is not known to this build (it reads version 2)"),
  });
});

test("an open behind damaged lines is found; the first of them is told if there is none", async () => {
  const good = encodeLog([open]);
  writeFileSync(file, `${"x\n".repeat(900)}${good}`);
  expect(await readLedgerOpen(file)).toEqual(open);
  writeFileSync(file, `{"t":"ack"}\nx\n`);
  await expect(readLedgerOpen(file)).rejects.toMatchObject({
    code: "FL_LEDGER_DAMAGED",
    message: expect.stringMatching(/among the first 2 lines: run and seed are unknown; line 1: [^;]*$/),
  });
});

test("other good lines before it are no open, and no problem", async () => {
  writeFileSync(file, behind(1));
  expect(await readLedgerOpen(file)).toEqual(open);
  writeFileSync(file, encodeLog([attempt]));
  await expect(readLedgerOpen(file)).rejects.toThrow(/the first 1 lines: run and seed are unknown$/);
});

const attempt = { t: "attempt", p: 0, s: 0, n: 1, first_ms: 0, last_ms: 0, a: 1, at_ms: 0 };
const behind = (count: number) => encodeLog([...Array.from({ length: count }, () => attempt), open]);

test("an open is sought among about 1000 lines, not in the whole file", async () => {
  // Longer than one read of the disk.
  writeFileSync(file, behind(950));
  expect(await readLedgerOpen(file)).toEqual(open);
  writeFileSync(file, behind(5000));
  await expect(readLedgerOpen(file)).rejects.toMatchObject({ code: "FL_LEDGER_DAMAGED" });
});

async function linesOf(signal?: AbortSignal) {
  const lines: [number, string][] = [];
  await readLedger(file, (text, number) => lines.push([number, text]), signal);
  return lines;
}

test("each whole line is given with its number; a torn last one counts as never written", async () => {
  writeFileSync(file, "a\nb\n\nc");
  expect(await linesOf()).toEqual([
    [1, "a"],
    [2, "b"],
    [3, ""],
  ]);
  writeFileSync(file, "");
  expect(await linesOf()).toEqual([]);
});

test("who ends the validation ends the reading", async () => {
  writeFileSync(file, "a\n");
  await expect(linesOf(AbortSignal.abort(new Error("ended")))).rejects.toThrow("ended");
  expect(await linesOf(new AbortController().signal)).toHaveLength(1);
});

test("a ledger that is not there is told with its path; a disk that can't be read is no missing file", async () => {
  const missing = `${file}.none`;
  // Begun one after the other: a promise that fails while nobody waits for it ends the whole run.
  for (const read of [() => readLedgerOpen(missing), () => readLedger(missing, () => undefined)])
    await expect(read()).rejects.toMatchObject({
      code: "FL_RUN_MISSING",
      message: `there is no run ledger at ${missing}`,
      remedy: expect.stringContaining("--producer-log-path"),
      cause: { code: "ENOENT" },
    });
  await expect(readLedgerOpen(tmpdir())).rejects.toMatchObject({ code: "EISDIR" });
});

test("its size tells whether it grew", async () => {
  writeFileSync(file, "abc");
  expect([await ledgerSize(file), await ledgerSize(`${file}.none`)]).toEqual([3, -1]);
});
