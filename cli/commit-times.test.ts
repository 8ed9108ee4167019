import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeCommits } from "../contract/commits.ts";
import { encodeLog } from "../contract/log-line.ts";
import { RUN_FILES } from "../contract/run.ts";
import { fault } from "../report/fixture/recovery.ts";
import { waitForCommitTimes } from "./commit-times.ts";

let directory: string;
let said: string[];
const path = (file: keyof typeof RUN_FILES): string => join(directory, RUN_FILES[file]);
const read = (faultId: number, partition: number): string =>
  encodeCommits({ t: "read", version: 1, fault: faultId, partition, from_sequence: 0, to_sequence: 10, at_ms: 1 });
const wait = (
  timeoutMs: number,
  signal = new AbortController().signal,
  onProgress = (text: string) => void said.push(text),
) => waitForCommitTimes(directory, { partitions: 2, onProgress, signal, timeoutMs });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "faultline-commit-times-"));
  said = [];
  const times = { plannedMs: 1_000, activeMs: 1_100, healedMs: 2_000, recoveredMs: 2_100 };
  // The last one had no effect: nobody waits for it.
  const lines = [
    ...fault({ id: 3, ...times }),
    ...fault({ id: 4, ...times }),
    ...fault({ id: 5, ...times, effective: false }),
  ];
  await writeFile(path("journal"), encodeLog(lines));
});
afterEach(() => rm(directory, { recursive: true }));

test("commit times that are there are not waited for, and nothing is said", async () => {
  await writeFile(path("commits"), read(4, 0) + read(4, 1));
  expect(await wait(0)).toBe(true);
  expect(said).toEqual([]);
});

test("waits until every partition was read for the last fault that bit", async () => {
  await writeFile(path("commits"), read(3, 0) + read(3, 1) + read(4, 0));
  const isDone = await wait(10_000, undefined, (text) => {
    said.push(text);
    // From now on it waits.
    void appendFile(path("commits"), read(4, 1));
  });
  expect(isDone).toBe(true);
  expect(said).toEqual(["waiting for the commit times around fault 4, at most 10 s"]);
});

test("gives up, and says what that means; also at Ctrl-C", async () => {
  await writeFile(path("commits"), read(4, 0));
  expect(await wait(1)).toBe(false);
  expect(said[1]).toContain("its figures have an error of 50 ms or more");
  expect(await wait(600_000, AbortSignal.abort())).toBe(false);
});

test("without a fault there is nothing to wait for", async () => {
  await writeFile(path("journal"), "");
  expect(await wait(600_000)).toBe(true);
  await rm(path("journal"));
  expect(await wait(600_000)).toBe(true);
  expect(said).toEqual([]);
});
