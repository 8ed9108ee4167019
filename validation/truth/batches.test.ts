import fc from "fast-check";
import { expect, test } from "vitest";
import { Batches, NO_OFFSET } from "./batches.ts";

test("finds the batch of every sequence, whatever the order of lines", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 200 }), fc.nat(), (counts, shuffle) => {
      const starts = counts.map((_, index) => counts.slice(0, index).reduce((sum, count) => sum + count, 0));
      const order = counts
        .map((_, index) => index)
        .toSorted((a, b) => ((a * 7919 + shuffle) % 101) - ((b * 7919 + shuffle) % 101));
      const batches = new Batches();
      for (const index of order) {
        const batch = batches.batch(starts[index] as number, counts[index] as number) as number;
        batches.attempt(batch, index, index + 1);
      }
      const owner = counts.flatMap((count, index) => Array.from({ length: count }, () => index));
      for (const [sequence, index] of owner.entries()) {
        const batch = batches.find(sequence);
        expect([batches.startOf(batch), batches.endOf(batch)]).toEqual([
          starts[index],
          (starts[index] as number) + (counts[index] as number),
        ]);
      }
      expect(batches.find(owner.length)).toBe(-1);
    }),
  );
});

/** Two batches: sequences 10 to 19, and 30 to 39. */
function twoBatches(): Batches {
  const batches = new Batches();
  batches.batch(10, 10);
  batches.batch(30, 10);
  return batches;
}

test("batches have the indexes of their order, whichever came first", () => {
  const batches = twoBatches();
  batches.batch(0, 5);
  expect([...batches.indexes()].map((batch) => batches.startOf(batch))).toEqual([0, 10, 30]);
  expect([...new Batches().indexes()]).toEqual([]);
});

test.each([
  ["a batch again", 10, 10, 0],
  ["right before the first", 0, 10, 0],
  ["right behind the first", 20, 1, 1],
  ["all between the two", 20, 10, 1],
  ["right behind the last", 40, 1, 2],
  ["the largest", 40, 2 ** 24, 2],
  ["the last sequences that are exact numbers", 2 ** 53 - 3, 2, 2],
])("takes %s", (_name, start, count, at) => {
  const batches = twoBatches();
  expect(batches.batch(start, count)).toBe(at);
  expect([batches.startOf(at), batches.endOf(at)]).toEqual([start, start + count]);
});

test.each([
  ["fewer events of the same batch", 10, 9],
  ["more events of the same batch", 10, 11],
  ["into the first batch", 5, 6],
  ["over the first batch", 0, 25],
  ["the end of the first batch", 19, 1],
  ["over the end of the first batch", 15, 10],
  ["into the second batch", 25, 6],
  ["over the last batch's end", 39, 5],
  ["a sequence below 0", -1, 1],
  ["no event", 0, 0],
  ["more than a batch can have", 40, 2 ** 24 + 1],
  ["beyond what is an exact number", 2 ** 53 - 2, 2],
])("refuses %s", (_name, start, count) => {
  const batches = twoBatches();
  expect(batches.batch(start, count)).toBeUndefined();
  expect(batches.length).toBe(2);
});

test("no batch is found between batches, before the first and behind the last, whatever was found before", () => {
  const batches = twoBatches();
  for (const [found, batch] of [
    [10, 0],
    [19, 0],
    [30, 1],
    [39, 1],
  ] as const)
    for (const missing of [-1, 0, 9, 20, 29, 40]) {
      expect(batches.find(found), `${found}`).toBe(batch);
      expect(batches.find(missing), `${missing} after ${found}`).toBe(-1);
    }
  expect(new Batches().find(0)).toBe(-1);
});

test("a batch that comes before others leaves them what they had", () => {
  const batches = new Batches();
  const later = batches.batch(100, 5) as number;
  batches.attempt(later, 1000, 2000);
  batches.acknowledge(later, 77);
  const earlier = batches.batch(0, 5) as number;
  expect([earlier, batches.find(100)]).toEqual([0, 1]);
  expect([batches.createdMs(1, 104), batches.offsetOf(1), batches.explained(1)]).toEqual([2000, 77, 1]);
  expect([batches.createdMs(0, 0), batches.offsetOf(0), batches.explained(0)]).toEqual([Number.NaN, NO_OFFSET, 0]);
  expect([batches.isAcknowledged(0), batches.isAcknowledged(1)]).toEqual([false, true]);
});

test("an event was created between the first and the last of its batch, as the first attempt says", () => {
  const batches = new Batches();
  batches.batch(10, 3);
  expect(batches.createdMs(0, 10)).toBeNaN();
  batches.attempt(0, 1000, 1500);
  batches.attempt(0, 7000, 9000);
  expect([10, 11, 12].map((sequence) => batches.createdMs(0, sequence))).toEqual([1000, 1250, 1500]);
});

/** What the ledger says of a batch, and what follows for the log: how many records of an event are explained. */
test.each<[string, ("attempt" | "fail" | "ack")[], number, "failed" | "not failed"]>([
  ["one attempt, nobody knows", ["attempt"], 1, "not failed"],
  ["one attempt, acknowledged", ["attempt", "ack"], 1, "not failed"],
  ["two attempts, the last acknowledged", ["attempt", "attempt", "ack"], 2, "not failed"],
  ["one attempt, refused", ["attempt", "fail"], 0, "failed"],
  ["two attempts, both refused", ["attempt", "fail", "attempt", "fail"], 0, "failed"],
  ["two attempts, one refused", ["attempt", "attempt", "fail"], 1, "not failed"],
  ["refused, then acknowledged", ["attempt", "fail", "attempt", "ack"], 1, "not failed"],
  ["acknowledged, its attempt is in a lost line", ["ack"], 1, "not failed"],
  ["refused, its attempt is in a lost line", ["fail"], 0, "not failed"],
  ["two refusals, one attempt is in a lost line", ["attempt", "fail", "fail"], 0, "failed"],
  ["refused and acknowledged, which a damaged ledger may say", ["attempt", "fail", "ack"], 1, "not failed"],
])("%s", (_name, lines, explained, failed) => {
  const batches = new Batches();
  batches.batch(0, 4);
  for (const line of lines)
    if (line === "attempt") batches.attempt(0, 0, 0);
    else if (line === "fail") batches.fail(0);
    else batches.acknowledge(0, 0);
  expect(batches.explained(0)).toBe(explained);
  expect(batches.isFailed(0)).toBe(failed === "failed");
  expect(batches.isAcknowledged(0)).toBe(lines.includes("ack"));
});

test("no offset is one that a record can have", () => {
  const batches = new Batches();
  batches.batch(0, 4);
  expect(batches.offsetOf(0)).toBe(NO_OFFSET);
  expect(NO_OFFSET).toBeLessThan(0);
});

/** So many batches of 3 that the columns grow several times; all that the ledger says of each differs. */
function manyBatches(count: number): Batches {
  const batches = new Batches();
  for (let index = 0; index < count; index++) {
    const batch = batches.batch(index * 3, 3) as number;
    batches.attempt(batch, index * 100, index * 100 + 50);
    if (index % 3 === 0) batches.acknowledge(batch, index * 7);
    if (index % 3 === 1) batches.fail(batch);
  }
  return batches;
}

/** What is known of each event's batch. */
function shown(batches: Batches) {
  return Array.from({ length: batches.length * 3 + 1 }, (_, sequence) => {
    const at = batches.find(sequence);
    if (at < 0) return "none";
    const [start, createdMs, offset] = [batches.startOf(at), batches.createdMs(at, sequence), batches.offsetOf(at)];
    return { at, start, createdMs, offset, isAcknowledged: batches.isAcknowledged(at), isFailed: batches.isFailed(at) };
  });
}

const expected = (count: number) => [
  ...Array.from({ length: count * 3 }, (_, sequence) => {
    const at = Math.floor(sequence / 3);
    const [isAcknowledged, isFailed] = [at % 3 === 0, at % 3 === 1];
    const createdMs = at * 100 + (sequence % 3) * 25;
    return { at, start: at * 3, createdMs, offset: isAcknowledged ? at * 7 : NO_OFFSET, isAcknowledged, isFailed };
  }),
  "none",
];

test.each([64, 65, 300])("%i batches keep what each has", (count) => {
  expect(shown(manyBatches(count))).toEqual(expected(count));
});

test("another thread gets the same batches, in memory that is shared and not copied", () => {
  const shared = manyBatches(100).share();
  expect(shown(Batches.of(structuredClone(shared)))).toEqual(expected(100));
  for (const [name, column] of Object.entries(shared.columns)) {
    expect(column.buffer, name).toBeInstanceOf(SharedArrayBuffer);
    expect(column.length, name).toBe(100);
  }
});
