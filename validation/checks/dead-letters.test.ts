import { expect, test } from "vitest";
import { emptyHistories, soundPartition } from "../fixture/histories.ts";
import { deadLetterMismatch } from "./dead-letters.ts";

test("missing, different, needless and unexplained dead letters", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 100);
  expect(deadLetterMismatch.find(histories)).toEqual([]);
  history.letterMissing.set(1);
  history.letterDiffers.set(2);
  history.letterOfRow.set(3);
  history.malformedRow.set(4);
  history.letters.add(50, 5);
  history.letters.add(60, 6);
  history.letters.match(60);
  expect(deadLetterMismatch.find(histories)).toMatchObject([{ count: 5, ranges: ["p0 #1", "p0 #2", "p0 #3", "p0 #4", "p0 offset 50 (p0 #5)"] }]);
});

test("a letter of an event that nobody attempted is a phantom instead", () => {
  const histories = emptyHistories();
  const history = soundPartition(histories, 0, 10);
  history.letters.add(50, -1, { key: Buffer.from("9:4000"), value: null });
  expect(deadLetterMismatch.find(histories)).toEqual([]);
  history.letters.add(51, -1, { key: Buffer.from("9:4"), value: null });
  expect(deadLetterMismatch.find(histories)).toMatchObject([{ ranges: ["p0 offset 51"] }]);
});
