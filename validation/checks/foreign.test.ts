import { expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import { failedVisible, foreignRun, phantom } from "./foreign.ts";

test("an unknown event is a phantom in this run, foreign in another; where it was seen is said", () => {
  const histories = emptyHistories();
  soundPartition(histories, 0, 10);
  for (const check of [phantom, foreignRun, failedVisible]) expect(check.find(histories)).toEqual([]);
  const [ours, other] = [histories.strays.of(9, 2, 77), histories.strays.of(8, 2, 77)];
  if (ours !== undefined) ours.rows = ours.records = 1;
  if (other !== undefined) other.letters = 1;
  expect(phantom.find(histories)).toMatchObject([
    { count: 1, ranges: ["p2 #77"], detail: "1 in the log and in the table" },
  ]);
  expect(foreignRun.find(histories)).toMatchObject([
    { count: 1, ranges: ["run 8 p2 #77"], detail: "1 among the dead letters" },
  ]);
});

test("strays are bounded, and what found no place is still counted", () => {
  const histories = emptyHistories();
  for (let sequence = 0; sequence < 100_010; sequence++) histories.strays.of(8, 0, sequence);
  expect(histories.strays.events.size).toBe(100_000);
  expect(phantom.find(histories)).toMatchObject([{ count: 10 }]);
  expect(foreignRun.find(histories)).toMatchObject([{ count: 100_000, ranges: ["run 8 p0 #0-99999"] }]);
});

test("a refused event in the log or the table", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 10);
  history.failed.setRange(2, 5);
  history.inLog.remove(2);
  history.rows.remove(2);
  history.rows.remove(3);
  expect(failedVisible.find(histories)).toMatchObject([{ count: 2, ranges: ["p0 #3-4"] }]);
});
