import { expect, test } from "vitest";
import { eventNumber } from "../../contract/event.ts";
import { fault } from "../fixture/timed-run.ts";
import type { LookUpRows } from "../read/commit-times.ts";
import { visibleAgain } from "./visible-again.ts";

/** Rows by partition and sequence. */
function rows(stored: [partition: number, sequence: number, committedMs: number][]): LookUpRows {
  const all = stored.map(([partition, sequence, committedMs]) => ({
    event: eventNumber(partition, sequence),
    committedMs,
  }));
  return async (questions) =>
    questions.map(({ low, high, pick }) => {
      if (pick !== "first") throw new Error("the first row is asked for");
      return all.filter(({ event }) => event >= low && event <= high).toSorted((a, b) => a.event - b.event)[0];
    });
}

test("until the first row after the effect, on the slowest partition", async () => {
  const [first, second] = [fault("kafka", 1000, 2000, { id: 1 }), fault("driver", 5000, 6000, { id: 2 })];
  const lookUp = rows([
    [0, 9, 1100],
    [0, 11, 1500],
    [1, 3, 2500],
    [2, 4, 1200],
    [3, 0, 9000],
  ]);
  const firsts = [
    { fault: first, partition: 0, sequence: 10 },
    { fault: first, partition: 1, sequence: 0 },
    { fault: first, partition: 2, sequence: 4 },
    // No row follows in its partition; the next partition's rows are none of its.
    { fault: second, partition: 2, sequence: 5 },
  ];
  expect(await visibleAgain(lookUp, firsts)).toEqual([{ fault: first, partition: 1, ms: 1500 }]);
  expect(await visibleAgain(lookUp, [])).toEqual([]);
});
