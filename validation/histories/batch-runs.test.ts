import { expect, test } from "vitest";
import { Batches } from "../truth/batches.ts";
import { BatchRuns } from "./batch-runs.ts";
import { Bitmap } from "./bitmap.ts";

/** Batches #0-2, #3-4 and #10-11: the sequences that are torn in a log of these [offset, sequence]. */
function tornIn(log: readonly (readonly [number, number])[]): number[] {
  const batches = new Batches();
  for (const [start, count] of [
    [0, 3],
    [3, 2],
    [10, 2],
  ] as const)
    batches.batch(start, count);
  const torn = new Bitmap();
  const runs = new BatchRuns(batches, torn);
  for (const [offset, sequence] of log) runs.add(batches.find(sequence), sequence, offset);
  runs.end();
  return Array.from({ length: 12 }, (_, sequence) => sequence).filter((sequence) => torn.has(sequence));
}

test.each<[string, [number, number][], number[]]>([
  [
    "batches behind each other",
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 10],
      [6, 11],
    ],
    [],
  ],
  [
    "a hole between batches",
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [9, 3],
      [10, 4],
    ],
    [],
  ],
  [
    "a hole in a batch",
    [
      [0, 0],
      [1, 1],
      [3, 2],
      [4, 3],
      [5, 4],
    ],
    [0, 1, 2],
  ],
  [
    "a hole before a batch's last record",
    [
      [0, 3],
      [2, 4],
    ],
    [3, 4],
  ],
  [
    "a batch of which the end is missing, before one of later sequences",
    [
      [0, 0],
      [1, 1],
      [2, 10],
      [3, 11],
    ],
    [0, 1, 2],
  ],
  [
    "a batch of which the beginning is missing, behind another one",
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 4],
    ],
    [3, 4],
  ],
  [
    "a log that Kafka has cut within a batch",
    [
      [5, 2],
      [6, 3],
      [7, 4],
    ],
    [],
  ],
  [
    "a log that Kafka has cut, with a second batch that is not whole",
    [
      [5, 2],
      [6, 4],
    ],
    [3, 4],
  ],
  [
    "a log that begins within a batch, though nothing is cut off",
    [
      [0, 1],
      [1, 2],
    ],
    [0, 1, 2],
  ],
  [
    "a batch that the log's end cuts",
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    [3, 4],
  ],
  ["a first batch that the log's end cuts", [[0, 0]], [0, 1, 2]],
])("%s", (_name, log, torn) => {
  expect(tornIn(log)).toEqual(torn);
});
