import { expect, test } from "vitest";
import { fault } from "../fixture/timed-run.ts";
import { FirstAfterFault } from "./first-after-fault.ts";

const attempt = (s: number, first_ms: number, last_ms: number) =>
  ({ t: "attempt", p: 0, s, n: 11, first_ms, last_ms, a: 1, at_ms: last_ms }) as const;

test("finds the first event that was created after the effect, inside of its batch", () => {
  const firsts = new FirstAfterFault([
    fault("kafka", 150, 180, { id: 1, probedMs: 160 }),
    fault("kafka", 155, 180, { id: 2, probedMs: 200 }),
    fault("kafka", 155, 180, { id: 3, probedMs: 900 }),
    fault("kafka", 50, 60, { id: 4 }),
  ]);
  for (const record of [attempt(0, 100, 200), attempt(11, 201, 301)]) firsts.add(record);
  expect(firsts.found.map(({ fault: { id }, sequence }) => [id, sequence])).toEqual([
    [1, 7],
    [2, 11],
  ]);
});

test("what is created in the moment of the effect was not created after it; one fault counts after the other", () => {
  const firsts = new FirstAfterFault([
    fault("kafka", 250, 280, { id: 2 }),
    fault("kafka", 100, 120, { id: 1 }),
    fault("kafka", 301, 320, { id: 3 }),
    fault("kafka", 99, 120, { id: 4 }),
  ]);
  // Events at 100, 110, ... 200; then at 201, 211, ... 301.
  for (const record of [attempt(0, 100, 200), attempt(11, 201, 301)]) firsts.add(record);
  expect(firsts.found.map(({ fault: { id }, sequence }) => [id, sequence])).toEqual([
    [1, 1],
    [2, 16],
  ]);
});

test("only attempts create events, and a batch of one event has it at its last time", () => {
  const firsts = new FirstAfterFault([fault("kafka", 150, 180, { id: 1 })]);
  firsts.add({ ...attempt(0, 100, 140), n: 1 });
  firsts.add({ t: "ack", p: 0, s: 0, n: 1, o: 0, at_ms: 145, first_ms: 100, last_ms: 900 } as never);
  expect(firsts.found).toEqual([]);
  firsts.add({ ...attempt(1, 160, 160), n: 1 });
  expect(firsts.found.map(({ sequence }) => sequence)).toEqual([1]);
});
