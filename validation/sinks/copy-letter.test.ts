import { expect, test } from "vitest";
import { CopyLetter } from "./copy-letter.ts";
import { DEAD_LETTER_COLUMNS } from "./table-columns.ts";

const LETTER: Record<(typeof DEAD_LETTER_COLUMNS)[number], string> = {
  target: "payments",
  topic: "payments-topic",
  partition: "1",
  offset: "7",
  key: "\\\\x6b",
  value: "\\\\x7b7d",
  reason: "a\\tb",
  created_at: "2026-07-01 00:00:00.5+00",
};
const lineOf = (change: Partial<typeof LETTER> = {}) =>
  DEAD_LETTER_COLUMNS.map((name) => ({ ...LETTER, ...change })[name]).join("\t");
const letterOf = (change: Partial<typeof LETTER> = {}) => new CopyLetter().show(lineOf(change));

test("a letter's columns are its values", () => {
  const { line, target, topic, partition, offset, key, value, reason, createdMs, created } = letterOf();
  expect(line).toBe(lineOf());
  expect([target, topic, partition, offset]).toEqual(["payments", "payments-topic", 1, 7]);
  expect([key, value]).toEqual([Buffer.from("k"), Buffer.from("{}")]);
  expect([reason, createdMs, created]).toEqual(["a\tb", Date.UTC(2026, 6, 1, 0, 0, 0, 500), LETTER.created_at]);
});

test("null is null in each column", () => {
  const nulls = new CopyLetter().show(DEAD_LETTER_COLUMNS.map(() => "\\N").join("\t"));
  const { target, topic, partition, offset, key, value, reason, createdMs, created } = nulls;
  for (const item of [target, topic, partition, offset, key, value, reason, created]) expect(item).toBeNull();
  expect(createdMs).toBeNaN();
});

test("a number that is none is told as it is written, and bytes that are none are null", () => {
  const { partition, offset, key, value } = letterOf({ partition: "01", offset: "x", key: "k", value: "\\\\xf" });
  expect([partition, offset, key, value]).toEqual(["01", "x", null, null]);
});

test("bytes may be empty", () => {
  expect(letterOf({ key: "\\\\x" }).key).toEqual(Buffer.alloc(0));
});

test("one object shows one letter after the other, and none at first", () => {
  const letter = new CopyLetter();
  expect(letter.line).toBe("");
  expect([letter.show(lineOf()).offset, letter.show(lineOf({ offset: "8" })).offset]).toEqual([7, 8]);
});
