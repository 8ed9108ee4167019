import { expect, test } from "vitest";
import { eventKey } from "../../contract/event.ts";
import { emptyHistories } from "../fixture/histories.ts";
import { Batches } from "../truth/batches.ts";
import { Bitmap, CountedBitmap } from "./bitmap.ts";
import { Histories, keepOdd, PartitionHistory } from "./histories.ts";

/** What the ledger says of a partition: one batch of ten events, from this sequence on. */
function ledgerOf(partition: number, start: number): PartitionHistory {
  const batches = new Batches();
  batches.batch(start, 10);
  const history = PartitionHistory.of(partition, batches);
  for (const set of [history.attempted, history.acknowledged, history.failed]) set.setRange(start, start + 10);
  return history;
}

const OF_THE_LEDGER = ["attempted", "acknowledged", "failed"];

test("a partition that another thread has read keeps its ledger, and gets all else", () => {
  const read = ledgerOf(1, 100);
  // Each set of its own, so that none can stand for another.
  const sets = Object.entries(read).filter(([name]) => !OF_THE_LEDGER.includes(name));
  for (const [index, [, set]] of sets.entries()) {
    if (set instanceof Bitmap) set.set(index);
    if (set instanceof CountedBitmap) for (const _ of [1, 2]) set.add(index);
  }
  read.letters.add(5, 50);
  read.log = { start: 1, end: 2, next: 3, records: 4 };
  read.sink = { startOffset: 1, nextOffset: 2, rows: 3, duplicates: 4, deadLetters: 5, generation: 6 };
  [read.dueRows, read.dueDuplicates, read.dueLetters] = [7, 8, 9];

  const history = ledgerOf(3, 0);
  history.take(structuredClone(read.pack()));
  expect([history.partition, history.batches.find(5), history.batches.find(100)]).toEqual([3, 0, -1]);
  for (const name of OF_THE_LEDGER as ("attempted" | "acknowledged" | "failed")[])
    expect([history[name].has(5), history[name].has(105)], name).toEqual([true, false]);
  for (const [index, [name, set]] of sets.entries()) {
    const taken = history[name as keyof PartitionHistory];
    if (set instanceof Bitmap) expect([(taken as Bitmap).has(index), (taken as Bitmap).count], name).toEqual([true, 1]);
    if (set instanceof CountedBitmap) expect((taken as CountedBitmap).timesOf(index), name).toBe(2);
  }
  expect(sets.length).toBeGreaterThan(12);
  expect(history.letters.offsets).toEqual([5]);
  expect(history).toMatchObject({
    log: read.log,
    sink: read.sink,
    dueRows: 7,
    dueDuplicates: 8,
    dueLetters: 9,
  });
});

test("an event is attempted if the ledger has its batch", () => {
  const history = ledgerOf(0, 10);
  expect([9, 10, 19, 20].map((sequence) => history.isAttempted(sequence))).toEqual([false, true, true, false]);
});

test("there are as many partitions as the pipeline has, or those that are given", () => {
  const { pipeline, settings, partitions, run, aggregates } = emptyHistories();
  expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(run).toBe(9);
  expect(aggregates.map(({ spec }) => spec)).toEqual(pipeline.aggregates);
  const given = [ledgerOf(0, 0)];
  expect(new Histories(pipeline, settings, given).partitions).toBe(given);
});

test("nothing is read or found at first", () => {
  const { pipeline, settings } = emptyHistories();
  const histories = new Histories(pipeline, settings);
  expect([histories.logRead, histories.sinkRead]).toEqual([false, false]);
  const { differences, replicaDifferences, viewDifferences, elsewhere } = histories;
  expect([differences, replicaDifferences, viewDifferences, elsewhere]).toEqual([[], [], [], []]);
});

test.each<[string, string | null, object | undefined]>([
  ["of the run that was attempted", eventKey(9, 0, 5), undefined],
  ["of the run that was not", eventKey(9, 0, 10), { run: 9, partition: 0, sequence: 10 }],
  ["of a partition that does not exist", eventKey(9, 6, 5), { run: 9, partition: 6, sequence: 5 }],
  ["of another run", eventKey(8, 0, 5), { run: 8, partition: 0, sequence: 5 }],
  ["that no event has", "9:x", undefined],
  ["that is null", null, undefined],
])("a key %s", (_name, key, stranger) => {
  const histories = emptyHistories();
  histories.partitions[0]?.batches.batch(0, 10);
  expect(histories.strangerOf(key === null ? null : Buffer.from(key))).toEqual(stranger);
});

test("five differences are told, and no one more", () => {
  const histories = emptyHistories();
  for (const text of ["a", "b", "c", "d", "e", "f"]) histories.differ(text);
  expect(histories.differences).toEqual(["a", "b", "c", "d", "e"]);
});

test("what is odd is counted, and twenty of it told", () => {
  const list = { count: 0, examples: [] as string[] };
  for (let number = 0; number < 22; number++) keepOdd(list, `${number}`);
  expect([list.count, list.examples.length, list.examples.at(-1)]).toEqual([22, 20, "19"]);
});
