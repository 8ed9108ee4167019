import { expect, test } from "vitest";
import { ReadProgress } from "./read-progress.ts";

test("says how far it is, how fast, and how long still, once a second", () => {
  const capture = { sequences: 0, offsets: 0 };
  const sink = { startOffset: 0, nextOffset: 3000, rows: 3000, duplicates: 0, deadLetters: 0 };
  const range = { partition: 0, start: 1000, end: 4000 };
  let nowMs = 50;
  const said: string[] = [];
  const task = { partition: 0, range, hasTables: true, sink, capture };
  const progress = new ReadProgress(
    [task],
    (text) => said.push(text),
    () => nowMs,
  );
  progress.add({ rows: 1000, records: 0 });
  nowMs = 1050;
  progress.add({ rows: 0, records: 2000 });
  progress.add({ rows: 0, records: 1 });
  nowMs = 2100;
  progress.add({ rows: 4000, records: 0 });
  expect(said).toEqual(["comparing: 50 % · 1,500 events/s · 1 s left", "comparing: 99 % · 1,708 events/s · 0 s left"]);
});
