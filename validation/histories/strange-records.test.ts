import { expect, test } from "vitest";
import { eventKey, eventNumber } from "../../contract/event.ts";
import { LogScene, RUN } from "../fixture/log-scene.ts";
import type { Stray } from "./strays.ts";

// Records with keys, or with values, that are not those of an event of their partition: what LogIngest makes of them.
const straysOf = ({ histories }: LogScene): Partial<Stray>[] =>
  [...histories.strays.events.values()].map(({ run, partition, sequence, text, ...figures }) => ({
    run,
    ...(text === undefined ? { partition, sequence } : { text }),
    ...Object.fromEntries(Object.entries(figures).filter(([, figure]) => figure !== 0 && figure !== false)),
  }));

/** By its key alone: the value is malformed, and the sink has not applied it. */
test.each<[string, string | null, Partial<Stray>[], string[]]>([
  ["of another run", eventKey(8, 1, 0), [{ run: "8", partition: 1, sequence: 0, records: 1, above: 1 }], []],
  ["never attempted", eventKey(RUN, 1, 50), [{ run: "9", partition: 1, sequence: 50, records: 1, above: 1 }], []],
  [
    "never attempted, of another partition",
    eventKey(RUN, 2, 50),
    [{ run: "9", partition: 2, sequence: 50, records: 1, above: 1 }],
    [],
  ],
  [
    "of a partition that does not exist",
    eventKey(RUN, 7, 0),
    [{ run: "9", partition: 7, sequence: 0, records: 1, above: 1 }],
    [],
  ],
  ["of another partition", eventKey(RUN, 2, 0), [], ["p1 offset 3 (p2 #0 in another partition)"]],
  ["of no event", "x", [], ["p1 offset 3 (no event's key)"]],
  ["of nothing", null, [], ["p1 offset 3 (no event's key)"]],
])("a record with the key %s", (_name, key, strays, odd) => {
  const scene = new LogScene(3).putStrange(3, key, Buffer.from("{"));
  expect(straysOf(scene)).toEqual(strays);
  expect(scene.histories.oddRecords).toEqual({ count: odd.length, examples: odd });
  expect([scene.histories.logRecords, scene.history.inLog.total, scene.history.dueLetters]).toEqual([1, 0, 0]);
});

test("a stray that the sink has applied is not above", () => {
  const scene = new LogScene(4).putStrange(3, eventKey(8, 1, 0), null).putStrange(4, eventKey(8, 1, 0), null);
  expect(straysOf(scene)).toEqual([{ run: "8", partition: 1, sequence: 0, records: 2, above: 1 }]);
});

/** By its value: the key is that of no event, and the sink has applied it. */
test.each<[string, object, Partial<Stray>]>([
  ["of another run", { run_id: 8 }, { run: "8", partition: 1, sequence: 0 }],
  ["never attempted", { event_id: eventNumber(1, 50) }, { run: "9", partition: 1, sequence: 50 }],
  ["of no partition", { event_id: eventNumber(7, 0) }, { run: "9", partition: 7, sequence: 0 }],
  ["of a negative number", { event_id: -1 }, { run: "9", text: "-1" }],
])("a value of an event %s owes one row, and no second one", (_name, change, stray) => {
  const scene = new LogScene(4);
  for (const offset of [2, 3, 4]) scene.putStrange(offset, "x", scene.changed(1, 0, change));
  expect(straysOf(scene)).toEqual([{ ...stray, due: true }]);
  expect([scene.history.dueRows, scene.history.dueDuplicates, scene.counted]).toEqual([1, 1, 1]);
  expect([scene.history.due.count, scene.histories.elsewhere]).toEqual([0, []]);
});

test("strays beyond those that are told apart are neither due nor odd", () => {
  const scene = new LogScene(4);
  scene.histories.strays.of = scene.histories.strays.named = () => undefined;
  scene.putStrange(3, eventKey(8, 1, 0), scene.changed(1, 0, { run_id: 8 }));
  expect([scene.history.dueRows, scene.history.dueDuplicates, scene.histories.oddRecords.count]).toEqual([0, 0, 0]);
});

test("an event number that a double would round is no other event's", () => {
  const scene = new LogScene(4);
  const value = scene
    .value(1, 0)
    .toString()
    .replace(String(eventNumber(1, 0)), "9007199254740993");
  scene.putStrange(3, "x", Buffer.from(value));
  expect(straysOf(scene)).toEqual([{ run: "9", text: "9007199254740993", due: true }]);
});

test("a value of an event of this partition owes that event's row", () => {
  const scene = new LogScene(9);
  scene.putStrange(0, "x", scene.value(1, 0)).put(1, 0).putStrange(2, "x", scene.value(1, 0));
  expect([scene.history.due.has(0), scene.history.due.count]).toEqual([true, 1]);
  expect([scene.history.dueRows, scene.history.dueDuplicates, scene.counted]).toEqual([1, 2, 1]);
  expect([straysOf(scene), scene.histories.elsewhere]).toEqual([[], []]);
});

test("a value of an event of another partition owes a row there, and is counted here", () => {
  const scene = new LogScene(9);
  for (const offset of [0, 1]) scene.putStrange(offset, eventKey(RUN, 2, 3), scene.value(2, 3));
  const [, , other] = scene.histories.partitions;
  expect([other?.due.has(3), other?.due.count, other?.dueRows, other?.dueDuplicates]).toEqual([true, 1, 0, 0]);
  expect([scene.history.due.count, scene.history.dueRows, scene.history.dueDuplicates]).toEqual([0, 1, 1]);
  expect(scene.histories.elsewhere).toEqual([{ of: 1, partition: 2, sequence: 3 }]);
  expect(scene.counted).toBe(1);
});

test("a value that is not applied yet owes nothing", () => {
  const scene = new LogScene(0).putStrange(0, "x", null);
  scene.putStrange(1, "x", scene.value(1, 0)).putStrange(2, eventKey(8, 1, 0), scene.changed(1, 0, { run_id: 8 }));
  const { dueRows, dueDuplicates, dueLetters, due } = scene.history;
  expect([dueRows, dueDuplicates, dueLetters, due.count, scene.counted]).toEqual([0, 0, 0, 0, 0]);
  expect(straysOf(scene)).toEqual([{ run: "8", partition: 1, sequence: 0, records: 1, above: 1 }]);
});

test.each<[string, { key: Buffer | null; value: Buffer | null } | undefined, string[]]>([
  ["with its dead letter", { key: Buffer.from("x"), value: Buffer.from("{") }, []],
  ["without a dead letter", undefined, ["p1 offset 3: missing"]],
  [
    "whose dead letter has another key",
    { key: Buffer.from("y"), value: Buffer.from("{") },
    ["p1 offset 3: other bytes"],
  ],
  ["whose dead letter has another value", { key: Buffer.from("x"), value: null }, ["p1 offset 3: other bytes"]],
])("a malformed record of no event, %s", (_name, letter, odd) => {
  const scene = new LogScene(4);
  if (letter !== undefined) scene.history.letters.add(3, -1, letter);
  scene.putStrange(3, "x", Buffer.from("{"));
  expect(scene.histories.oddLetters).toEqual({ count: odd.length, examples: odd });
  expect([scene.history.dueLetters, scene.history.dueRows, scene.history.letterMissing.count]).toEqual([1, 0, 0]);
});

test("a well-formed record of no event with a dead letter is no event's mistake", () => {
  const scene = new LogScene(4);
  scene.history.letters.add(3, -1, { key: null, value: null });
  scene.putStrange(3, "x", scene.value(1, 0));
  expect([scene.history.letterOfRow.count, scene.history.letters.matched.count]).toEqual([0, 1]);
});

test.each<[string, string | null, number, Partial<Stray>[]]>([
  ["of another run", eventKey(8, 1, 0), 5, [{ run: "8", partition: 1, sequence: 0, letters: 1 }]],
  ["never attempted", eventKey(RUN, 1, 50), 5, [{ run: "9", partition: 1, sequence: 50, letters: 1 }]],
  ["attempted", eventKey(RUN, 1, 0), 5, []],
  ["that no event has", "x", 5, []],
  ["that is null", null, 5, []],
  ["of a record that is there", eventKey(8, 1, 0), 3, []],
])("a dead letter that no record explains, with a key %s", (_name, key, offset, strays) => {
  const scene = new LogScene(9);
  scene.history.letters.add(offset, -1, { key: key === null ? null : Buffer.from(key), value: null });
  scene.putStrange(3, "x", null);
  scene.ingest.finish();
  expect(straysOf(scene)).toEqual(strays);
});
