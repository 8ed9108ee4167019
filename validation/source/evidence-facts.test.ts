import { expect, test } from "vitest";
import type { RowLookUp } from "../read/commit-times.ts";
import { readTimes, timeLineText, timesProblemText } from "./evidence-facts.ts";

const FOUND: RowLookUp = { low: 3, high: 9, pick: "last" };
const NOT_FOUND: RowLookUp = { low: 10, high: 12, pick: "first" };
const section = (text: string) =>
  (async function* () {
    // In two chunks, cut anywhere.
    yield Buffer.from(text.slice(0, 7));
    yield Buffer.from(text.slice(7));
  })();
const TEXT = timeLineText(FOUND, { event: 8, committedMs: 1_700_000_000_000.25 }) + timeLineText(NOT_FOUND, undefined);

test("a look-up that was recorded has its row, or none; any other is an error that says so", async () => {
  const lookUp = await readTimes(section(TEXT));
  expect(await lookUp([NOT_FOUND, FOUND])).toEqual([undefined, { event: 8, committedMs: 1_700_000_000_000.25 }]);
  await expect(lookUp([FOUND, { ...FOUND, pick: "first" }])).rejects.toThrow(
    "the evidence has no commit time that this figure needs: it was taken for other bounds",
  );
});

test("if PostgreSQL had none, its reason is the error", async () => {
  const lookUp = await readTimes(section(timesProblemText("track_commit_timestamp is off")));
  await expect(lookUp([FOUND])).rejects.toThrow("track_commit_timestamp is off");
  expect(await lookUp([])).toEqual([]);
});

test("a line that is no look-up is unreadable", async () => {
  for (const line of ["nothing\n", '["last",3]\n', '["last",3,9,8,"soon"]\n'])
    await expect(readTimes(section(TEXT + line))).rejects.toThrow(/has a commit time that can't be read/);
});
