import { expect, test } from "vitest";
import type { PartitionTask } from "./partition-reading.ts";
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

/** Tasks of so many records (undefined: no log) and rows (undefined: no line of sink_offsets). */
const tasksOf = (...counts: [records: number | undefined, rows: number | undefined][]): PartitionTask[] =>
  counts.map(([records, rows], partition) => ({
    partition,
    range: records === undefined ? undefined : { partition, start: 10, end: 10 + records },
    hasTables: true,
    sink: rows === undefined ? undefined : { startOffset: 0, nextOffset: 0, rows, duplicates: 0, deadLetters: 0 },
    capture: { sequences: 0, offsets: 0 },
  }));

/** After a second in which 100 rows and 100 records were read. */
test.each<[string, PartitionTask[], string]>([
  ["records and rows", tasksOf([1000, 600]), "12 % · 100 events/s · 7 s left"],
  ["no line of sink_offsets: as many rows as records", tasksOf([1000, undefined]), "10 % · 100 events/s · 9 s left"],
  ["no log", tasksOf([undefined, 800]), "25 % · 100 events/s · 3 s left"],
  ["neither", tasksOf([undefined, undefined]), "100 % · 100 events/s · 0 s left"],
  ["several partitions", tasksOf([100, 100], [100, 100]), "50 % · 100 events/s · 1 s left"],
  ["more than expected", tasksOf([50, 50]), "99 % · 100 events/s · 0 s left"],
  ["a rest of less than a second", tasksOf([150, 151]), "66 % · 100 events/s · 1 s left"],
])("%s", (_name, tasks, text) => {
  let nowMs = 500;
  const said: string[] = [];
  const progress = new ReadProgress(
    tasks,
    (line) => said.push(line),
    () => nowMs,
  );
  nowMs = 1499;
  progress.add({ rows: 100, records: 0 });
  expect(said).toEqual([]);
  nowMs = 1500;
  progress.add({ rows: 0, records: 100 });
  expect(said).toEqual([`comparing: ${text}`]);
});

test("its own clock never jumps", () => {
  const now = performance.now.bind(performance);
  let ms = 0;
  performance.now = () => (ms += 600);
  try {
    const said: string[] = [];
    const progress = new ReadProgress(tasksOf([1000, 1000]), (line) => said.push(line));
    progress.add({ rows: 1, records: 0 });
    expect(said).toEqual([]);
    progress.add({ rows: 1, records: 0 });
    expect(said).toHaveLength(1);
  } finally {
    performance.now = now;
  }
});
