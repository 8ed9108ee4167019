import { expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import { duplicateLog, duplicateSink } from "./duplicates.ts";

test("copies in the log are explained by attempts, or not", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 4, 10);
  for (const check of [duplicateSink, duplicateLog]) expect(check.find(histories)).toEqual([]);
  history.batches.attempt(0, 0, 0);
  history.inLog.add(5);
  history.inLog.add(9);
  history.inLog.add(9);
  expect(duplicateLog.find(histories)).toMatchObject([
    { kind: "duplicate-log", count: 1, ranges: ["p4 #9"] },
    { kind: "repeated-in-log", count: 1, ranges: ["p4 #5"] },
  ]);
});

test("a failed attempt explains nothing", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 4, 10);
  history.batches.attempt(0, 0, 0);
  history.batches.fail(0);
  history.inLog.add(5);
  expect(duplicateLog.find(histories)).toMatchObject([{ kind: "duplicate-log", ranges: ["p4 #5"] }]);
});

test("two rows of an event", () => {
  const histories = emptyHistories();
  soundPartition(histories, 4, 40).rows.add(33);
  expect(duplicateSink.find(histories)).toMatchObject([{ count: 1, ranges: ["p4 #33"] }]);
});

test("copies far into a partition are explained by attempts, or not", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 4, 100);
  history.batches.attempt(0, 0, 0);
  history.inLog.add(70);
  for (let times = 0; times < 2; times++) history.inLog.add(71);
  expect(duplicateLog.find(histories)).toMatchObject([
    { kind: "duplicate-log", count: 1, ranges: ["p4 #71"] },
    { kind: "repeated-in-log", count: 1, ranges: ["p4 #70"] },
  ]);
});
