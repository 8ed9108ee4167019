import { expect, test } from "vitest";
import { emptyHistories } from "../fixture/histories.ts";
import type { Stray } from "../histories/strays.ts";
import { duplicateSink } from "./duplicates.ts";
import { foreignRun, phantom } from "./foreign.ts";
import { lostSink, unseen } from "./loss.ts";

/** `of`: run, partition and sequence; or run and the text of an event that no number is. */
type Seen = { of: [number, number, number] | [string, string] } & Partial<Stray>;

function withStrays(seen: readonly Seen[]) {
  const histories = emptyHistories();
  for (const { of, ...figures } of seen) {
    const stray = of.length === 2 ? histories.strays.named(...of) : histories.strays.of(...of);
    if (stray !== undefined) Object.assign(stray, figures);
  }
  return histories;
}

/** Every order of these items. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => orders(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

test("unknown events are named by place, those with an impossible number last, in whatever order they were seen", () => {
  const seen: Seen[] = [
    { of: [9, 0, 5], records: 1 },
    { of: [9, 0, 8], records: 1 },
    { of: [9, 1, 2], records: 1 },
    { of: ["9", "-1"], records: 1 },
    { of: ["9", "-2"], records: 1 },
  ];
  for (const order of orders(seen))
    expect(phantom.find(withStrays(order))).toMatchObject([
      { count: 5, ranges: ["p0 #5", "p0 #8", "p1 #2", "event -1", "event -2"], detail: "5 in the log" },
    ]);
});

test("events of other runs are named by run, the lower number first", () => {
  const seen: Seen[] = [
    { of: [7, 1, 1], rows: 1 },
    { of: [8, 0, 3], rows: 1 },
    { of: [8, 0, 4], rows: 1 },
    { of: [10, 0, 1], rows: 1 },
    { of: [10, 0, 3], rows: 1 },
  ];
  for (const order of orders(seen))
    expect(foreignRun.find(withStrays(order))).toMatchObject([
      { count: 5, ranges: ["run 7 p1 #1", "run 8 p0 #3-4", "run 10 p0 #1", "run 10 p0 #3"] },
    ]);
});

test("neighbours are one range only if they are of one run and partition, and were seen in the same places", () => {
  expect(
    foreignRun.find(
      withStrays([
        { of: [7, 0, 9], records: 1 },
        { of: [8, 0, 10], records: 1 },
        { of: [8, 1, 11], records: 1 },
        { of: [8, 1, 12], records: 1 },
        { of: [8, 1, 13], rows: 1, letters: 1 },
      ]),
    ),
  ).toMatchObject([
    {
      count: 5,
      ranges: ["run 7 p0 #9", "run 8 p0 #10", "run 8 p1 #11-12", "run 8 p1 #13"],
      detail: "4 in the log, 1 in the table and among the dead letters",
    },
  ]);
});

test("records that name no event are counted all, and named some", () => {
  const histories = emptyHistories();
  histories.oddRecords = { count: 7, examples: ["p0 offset 3", "p0 offset 4", "p1 offset 9"] };
  expect(phantom.find(histories)).toMatchObject([
    { count: 7, ranges: histories.oddRecords.examples, detail: "7 records" },
  ]);
});

test("an unknown event that the sink owes a row is lost without one, and duplicated with two", () => {
  const histories = withStrays([
    { of: [8, 0, 1], due: true, rows: 0 },
    { of: [8, 0, 2], due: true, rows: 1 },
    { of: [8, 0, 3], due: false, rows: 0 },
    { of: [8, 0, 4], due: false, rows: 2 },
  ]);
  expect(lostSink.find(histories)).toMatchObject([{ count: 1, ranges: ["run 8 p0 #1"] }]);
  expect(duplicateSink.find(histories)).toMatchObject([{ count: 1, ranges: ["run 8 p0 #4"], detail: "" }]);
});

test("an unknown event is unseen if all its records are beyond next_offset", () => {
  const histories = withStrays([
    { of: [8, 0, 1], records: 2, above: 2 },
    { of: [8, 0, 2], records: 2, above: 1 },
    { of: [8, 0, 3], records: 0, above: 0 },
  ]);
  expect(unseen.find(histories)).toMatchObject([{ count: 1, ranges: ["run 8 p0 #1"] }]);
});

test("also of many unknown events, those with an impossible number come last", () => {
  const texts = Array.from({ length: 50 }, (_, at): Seen => ({ of: ["9", `-${at + 1}`], rows: 1 }));
  const numbers = Array.from({ length: 15 }, (_, at): Seen => ({ of: [9, 0, at * 2], rows: 1 }));
  const shown = numbers.map(({ of }) => `p0 #${of.at(-1)}`);
  for (const seen of [
    [...texts, ...numbers],
    [...numbers, ...texts],
    [...texts.slice(0, 30), ...numbers, ...texts.slice(30)],
  ])
    expect(phantom.find(withStrays(seen))[0]?.ranges.slice(0, 15)).toEqual(shown);
});
