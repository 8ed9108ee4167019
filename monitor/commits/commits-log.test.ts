import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CommitsRecord, encodeCommits } from "../../contract/commits.ts";
import { CommitsLog } from "./commits-log.ts";

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-commits-"));
  file = join(directory, "commits.ndjson");
});
afterEach(() => rm(directory, { recursive: true }));

const read = (fault: number, partition: number, from: number, to: number) =>
  ({ t: "read", version: 1, fault, partition, from_sequence: from, to_sequence: to, at_ms: 1 }) as const;
const commit = (partition: number, from: number, to: number): CommitsRecord => ({
  t: "commit",
  partition,
  from_sequence: from,
  to_sequence: to,
  rows: to - from,
  committed_us: 1_700_000_000_000_000 + from,
});

test("what was read is known by partition, also when ranges overlap and touch", async () => {
  const log = await CommitsLog.open(file);
  expect(log.missing(0, { from: 5, to: 9 })).toEqual([{ from: 5, to: 9 }]);
  await log.append([commit(0, 10, 20)], read(1, 0, 10, 20));
  await log.append([], read(2, 0, 30, 40));
  await log.append([], read(3, 1, 0, 99));
  expect(log.missing(0, { from: 5, to: 45 })).toEqual([
    { from: 5, to: 10 },
    { from: 20, to: 30 },
    { from: 40, to: 45 },
  ]);
  expect(log.missing(0, { from: 12, to: 18 })).toEqual([]);
  expect(log.missing(0, { from: 15, to: 25 })).toEqual([{ from: 20, to: 25 }]);
  await log.append([], read(4, 0, 15, 30));
  expect(log.missing(0, { from: 10, to: 40 })).toEqual([]);
  expect([log.isRead(1, 0), log.isRead(1, 1), log.isRead(3, 1)]).toEqual([true, false, true]);
});

test("a later monitor knows it from the file; a range that was not finished is cut off", async () => {
  const whole = [commit(0, 0, 3), read(1, 0, 0, 3), commit(1, 4, 6), read(1, 1, 4, 6)].map(encodeCommits).join("");
  await writeFile(file, `${whole}${encodeCommits(commit(2, 0, 5))}{"t":"read","version":1,"fault":1,"parti`);
  const log = await CommitsLog.open(file);
  expect(await readFile(file, "utf8")).toBe(whole);
  expect([0, 1, 2].map((partition) => log.isRead(1, partition))).toEqual([true, true, false]);
  expect(log.missing(1, { from: 0, to: 6 })).toEqual([{ from: 0, to: 4 }]);
  await log.append([commit(2, 0, 5)], read(1, 2, 0, 5));
  expect(await readFile(file, "utf8")).toBe(whole + encodeCommits(commit(2, 0, 5)) + encodeCommits(read(1, 2, 0, 5)));
});
