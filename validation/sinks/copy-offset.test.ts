import { expect, test } from "vitest";
import { CopyOffset } from "./copy-offset.ts";
import { SINK_OFFSET_COLUMNS } from "./table-columns.ts";

const TIME = "2026-07-01 00:00:01+00";

test("the columns of sink_offsets are values", () => {
  const row = new CopyOffset(`a\\tb\tt\t1\t2\t9\t4\t3\t1\t5\t4711\t${TIME}`);
  const { target, topic, partition, startOffset, nextOffset } = row;
  expect([target, topic, partition, startOffset, nextOffset]).toEqual(["a\tb", "t", 1, 2, 9]);
  const { rows, duplicates, deadLetters, generation, writerPid, updatedMs, updated } = row;
  expect([rows, duplicates, deadLetters, generation, writerPid]).toEqual([4, 3, 1, 5, 4711]);
  expect([updatedMs, updated]).toEqual([Date.UTC(2026, 6, 1, 0, 0, 1), TIME]);
  expect(row.describe()).toBe(
    `target a\tb, topic t, partition 1, start_offset 2, next_offset 9, rows 4, duplicates 3, dead_letters 1, generation 5, writer_pid 4711, updated_at ${TIME}`,
  );
});

test.each([SINK_OFFSET_COLUMNS.map(() => "\\N").join("\t"), "\\N"])("what is null or not there is null: %j", (line) => {
  const row = new CopyOffset(line);
  const { target, topic, partition, startOffset, nextOffset } = row;
  const { rows, duplicates, deadLetters, generation, writerPid, updatedMs, updated } = row;
  for (const item of [target, topic, partition, startOffset, nextOffset]) expect(item).toBeNull();
  for (const item of [rows, duplicates, deadLetters, generation, writerPid, updated]) expect(item).toBeNull();
  expect(updatedMs).toBeNaN();
  expect(row.describe()).toBe(SINK_OFFSET_COLUMNS.map((name) => `${name} null`).join(", "));
});

test("a number that is none is told as it is written; a long text is cut when it is described", () => {
  const row = new CopyOffset(`${"x".repeat(61)}\tt\t01\t\t1.5`);
  expect([row.partition, row.startOffset, row.nextOffset]).toEqual(["01", "", "1.5"]);
  expect(row.describe()).toContain(
    `target ${"x".repeat(57)}..., topic t, partition 01, start_offset , next_offset 1.5,`,
  );
});
