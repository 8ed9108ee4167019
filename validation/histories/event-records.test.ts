import { expect, test } from "vitest";
import { eventKey } from "../../contract/event.ts";
import { LogScene, RUN, rawRecord } from "../fixture/log-scene.ts";
import type { Bitmap } from "./bitmap.ts";
import { computedLines } from "../fixture/stored-lines.ts";
import type { AggregateTable } from "./aggregate-table.ts";

// Records that the run attempted, in the partition that is theirs: what LogIngest makes of them.
const below = (set: Bitmap, end = 20) => Array.from({ length: end }, (_, at) => at).filter((at) => set.has(at));

test("records of a batch that is there, whole and at its place, owe a row each", () => {
  const scene = new LogScene(4);
  for (const sequence of [0, 1, 2, 3]) scene.put(sequence, sequence);
  const { history, histories } = scene;
  expect([histories.logRecords, history.inLog.total, history.inLog.distinct]).toEqual([4, 4, 4]);
  expect(below(history.atAcknowledgedOffset)).toEqual([0, 1, 2, 3]);
  expect(below(history.due)).toEqual([0, 1, 2, 3]);
  expect([history.dueRows, history.dueDuplicates, history.dueLetters, scene.counted]).toEqual([4, 0, 0, 4]);
  for (const set of [history.above, history.late, history.corruptRecord, history.torn, history.letterMissing])
    expect(below(set)).toEqual([]);
  expect([histories.differences, histories.unverifiable, histories.strays.events.size]).toEqual([[], 0, 0]);
  expect([histories.oddRecords.count, histories.oddLetters.count, histories.elsewhere]).toEqual([0, 0, []]);
});

test("each row counts with the figures of its own event", () => {
  const scene = new LogScene(4);
  for (const sequence of [0, 1, 2, 3]) scene.put(sequence, sequence);
  const events = [0, 1, 2, 3].map(
    (sequence) => JSON.parse(scene.value(1, sequence).toString()) as Record<string, number>,
  );
  expect(computedLines(scene.histories.aggregates[1] as AggregateTable, scene.histories.pipeline)).toEqual(
    events.map(({ account_id, amount_cents }) => `${account_id}\t1\t1\t${amount_cents}`),
  );
});

test.each<[string, number, number, boolean]>([
  ["at the offset that Kafka acknowledged", 1, 1, true],
  ["one further on", 1, 2, false],
  ["one before", 2, 1, false],
  ["of a later batch, at its offset", 5, 5, true],
  ["of a later batch, one further on", 4, 5, false],
  ["of a batch whose offset nobody knows", 10, 99, true],
  ["of a batch that is not acknowledged", 6, 6, false],
])("a record %s", (_name, sequence, offset, isThere) => {
  expect(new LogScene(0).put(offset, sequence).history.atAcknowledgedOffset.has(sequence)).toBe(isThere);
});

test.each<[string, number | undefined, number[], number[]]>([
  ["all", 4, [0, 1, 2, 3], []],
  ["some", 2, [0, 1], [2, 3]],
  ["none", 0, [], [0, 1, 2, 3]],
  ["nothing that is known", undefined, [], [0, 1, 2, 3]],
])("a sink that has applied %s owes these rows, and the others are above", (_name, next, due, above) => {
  const scene = new LogScene(next);
  for (const sequence of [0, 1, 2, 3]) scene.put(sequence, sequence);
  expect([below(scene.history.due), below(scene.history.above)]).toEqual([due, above]);
  expect([scene.history.dueRows, scene.counted]).toEqual([due.length, due.length]);
});

test("a second copy owes no second row, and is not above when the first is below", () => {
  const scene = new LogScene(2).put(0, 0).put(1, 0).put(2, 0);
  const { history } = scene;
  expect([history.dueRows, history.dueDuplicates, scene.counted, history.inLog.timesOf(0)]).toEqual([1, 1, 1, 3]);
  expect(below(history.above)).toEqual([]);
});

test.each<[string, number[], number[]]>([
  ["in order", [0, 1, 2, 4], []],
  ["two exchanged", [1, 0, 2], [0]],
  ["one too early", [2, 0, 1], [0, 1]],
  ["a second copy", [0, 1, 0, 2], []],
  ["a batch that nobody knows about, too early", [6, 4], [4]],
  ["a refused batch, too early", [8, 4], []],
  ["a refused batch, too late", [10, 8], []],
])("late are those behind a later event: %s", (_name, sequences, late) => {
  const scene = new LogScene(0);
  for (const [offset, sequence] of sequences.entries()) scene.put(offset, sequence);
  expect(below(scene.history.late)).toEqual(late);
});

test("each partition has an order of its own", () => {
  const scene = new LogScene(0).put(0, 3);
  scene.ingest.record(2, 0, rawRecord(eventKey(RUN, 2, 0), scene.value(2, 0)));
  expect(scene.histories.partitions[2]?.late.count).toBe(0);
});

test("a batch is torn if it ends too early, or a stranger stands in it", () => {
  const early = new LogScene(0).put(0, 0).put(1, 1);
  early.ingest.finish();
  expect(below(early.history.torn)).toEqual([0, 1, 2, 3]);
  const split = new LogScene(0).put(4, 4).putStrange(5, "x", null).put(6, 5);
  split.ingest.finish();
  expect(below(split.history.torn)).toEqual([4, 5]);
});

test.each<[string, (value: Buffer) => Buffer | null]>([
  ["another byte", (value) => Buffer.from(value.toString().replace("note", "mote"))],
  ["one byte less", (value) => value.subarray(0, -1)],
  ["one byte more", (value) => Buffer.concat([value, Buffer.from(" ")])],
  ["no byte", () => Buffer.alloc(0)],
  ["no value", () => null],
])("%s than attempted is corrupt, told once, and needs no sink", (_name, change) => {
  const scene = new LogScene(0);
  for (const offset of [2, 7]) scene.put(offset, 2, change(scene.value(1, 2)));
  expect(below(scene.history.corruptRecord)).toEqual([2]);
  expect(scene.histories.differences).toEqual(["record p1 #2 at offset 2 has other bytes than the event"]);
  const { dueRows, dueLetters, dueDuplicates } = scene.history;
  expect([dueRows, dueLetters, dueDuplicates]).toEqual([0, 0, 0]);
});

test("a corrupt record that a sink can read owes a row of what it says", () => {
  const scene = new LogScene(9);
  scene.put(0, 2, scene.changed(1, 2, { account_id: 4711 })).put(1, 2);
  expect(below(scene.history.due)).toEqual([2]);
  expect([scene.history.dueRows, scene.history.dueDuplicates, scene.history.dueLetters]).toEqual([1, 1, 0]);
  expect(computedLines(scene.histories.aggregates[1] as AggregateTable, scene.histories.pipeline)).toEqual([
    expect.stringMatching(/^4711\t1\t1\t/),
  ]);
});

test("a record whose creation time is lost can't be compared, but it owes its row", () => {
  const scene = new LogScene(9).put(0, 12);
  expect([scene.histories.unverifiable, scene.history.corruptRecord.count]).toEqual([1, 0]);
  expect(scene.histories.differences).toEqual([]);
  expect([below(scene.history.due), scene.history.dueRows]).toEqual([[12], 1]);
});

test.each([
  ["as attempted", {}],
  ["corrupt", { note: "other" }],
])("a well-formed record must have no dead letter: %s", (_name, change) => {
  const scene = new LogScene(9);
  for (const offset of [0, 2]) scene.history.letters.add(offset, -1, { key: null, value: null });
  for (const sequence of [0, 1, 2]) scene.put(sequence, sequence, scene.changed(1, sequence, change));
  expect(below(scene.history.letterOfRow)).toEqual([0, 2]);
  expect(scene.history.letters.matched.count).toBe(2);
});

/** A malformed record of #2 at offset 2, and the dead letter that the sink has. */
test.each<[string, (scene: LogScene) => void, "right" | "missing" | "differs"]>([
  ["its own", ({ history }) => history.letters.add(2, 2), "right"],
  ["none", () => undefined, "missing"],
  ["one at another offset", ({ history }) => history.letters.add(3, 2), "missing"],
  ["that of another event", ({ history }) => history.letters.add(2, 1), "differs"],
  ["one with its bytes", (scene) => scene.history.letters.add(2, -1, bytesOf(scene, 2)), "right"],
  ["one with another key", (scene) => scene.history.letters.add(2, -1, { ...bytesOf(scene, 2), key: null }), "differs"],
  [
    "one with another value",
    (scene) => scene.history.letters.add(2, -1, { ...bytesOf(scene, 2), value: null }),
    "differs",
  ],
])("a malformed record with a dead letter: %s", (_name, add, found) => {
  const scene = new LogScene(3, true);
  add(scene);
  scene.put(2, 2);
  expect(below(scene.history.letterMissing)).toEqual(found === "missing" ? [2] : []);
  expect(below(scene.history.letterDiffers)).toEqual(found === "differs" ? [2] : []);
  expect([scene.history.dueLetters, scene.history.dueRows, scene.history.letterOfRow.count]).toEqual([1, 0, 0]);
  expect([scene.history.corruptRecord.count, scene.history.due.count]).toEqual([0, 0]);
});

function bytesOf(scene: LogScene, sequence: number) {
  return { key: Buffer.from(eventKey(RUN, 1, sequence)), value: scene.value(1, sequence) };
}

test("a malformed record that the sink has not applied owes nothing", () => {
  const { history } = new LogScene(2, true).put(2, 2);
  expect([history.dueLetters, history.letterMissing.count, history.above.count]).toEqual([0, 0, 1]);
});

test("a malformed record with other bytes is corrupt, and its dead letter must have those", () => {
  const other = Buffer.from("{");
  const scene = new LogScene(9, true);
  scene.history.letters.add(0, 0);
  scene.history.letters.add(1, -1, { key: Buffer.from(eventKey(RUN, 1, 1)), value: other });
  for (const sequence of [0, 1, 2]) scene.put(sequence, sequence, other);
  expect(below(scene.history.corruptRecord)).toEqual([0, 1, 2]);
  expect([below(scene.history.letterDiffers), below(scene.history.letterMissing)]).toEqual([[0], [2]]);
  expect(scene.history.dueLetters).toBe(3);
});

test.each<[string, number, number[]]>([
  ["nothing", 0, []],
  ["the first batch's first record", 1, [0, 1, 2, 3, 10, 11]],
  ["the first batch", 4, [0, 1, 2, 3, 10, 11]],
  ["a record more", 5, [0, 1, 2, 3, 4, 5, 10, 11]],
])("where Kafka has deleted %s, nobody can say whether these were there", (_name, start, expired) => {
  const scene = new LogScene(0);
  scene.history.log = { start, end: 9, next: 9, records: 9 };
  scene.ingest.finish();
  expect(below(scene.history.expired)).toEqual(expired);
});
