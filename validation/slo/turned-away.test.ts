import { expect, test } from "vitest";
import type { LedgerRecord } from "../../contract/ledger.ts";
import { boundsOf, loosened } from "./bounds.ts";
import { ProducerStarts } from "./turned-away.ts";

function turnedAway(pids: number[], status: { pid: number; throttled: number } | undefined, limit = 5) {
  const starts = new ProducerStarts();
  for (const pid of pids) {
    starts.add({ t: "open", pid } as LedgerRecord);
    starts.add({ t: "attempt", p: 0 } as LedgerRecord);
  }
  return starts.turnedAway(status as never, limit);
}

const knownCount = (throttled: number) => ({ worst: throttled, least: throttled, error: "by the producer's status" });

test("the status of the only producer process says it", () => {
  for (const throttled of [0, 5, 6])
    expect(turnedAway([7], { pid: 7, throttled })).toMatchObject(knownCount(throttled));
});

test("of several processes only the last is known, which is enough if it alone exceeds the bound", () => {
  expect(turnedAway([7, 8], { pid: 8, throttled: 6 })).toMatchObject({
    worst: 6,
    error: "by the last of 2 producer processes",
  });
  for (const throttled of [0, 5])
    expect(turnedAway([7, 8], { pid: 8, throttled })).toEqual({
      unknown: "producer-status.json has only the last of 2 producer processes",
    });
});

test("without a status of the last process nobody can say", () => {
  expect(turnedAway([7], undefined)).toEqual({ unknown: "there is no producer-status.json" });
  const other = { unknown: "producer-status.json is not of the last producer process in the ledger" };
  expect(turnedAway([7, 8], { pid: 7, throttled: 99 })).toEqual(other);
  expect(turnedAway([], { pid: 7, throttled: 0 })).toEqual(other);
});

test("a flag wins over the pipeline file, and only a higher one is told", () => {
  const file = { calm_p99_ms: 100, visible_again_ms: 50 };
  expect(boundsOf(file, { calm_p99_ms: 7 })).toEqual({ calm_p99_ms: 7, visible_again_ms: 50 });
  expect(loosened(file, { calm_p99_ms: 100 })).toEqual([]);
  expect(loosened(file, { calm_p99_ms: 99, turned_away_events: 9 })).toEqual([]);
  expect(loosened(file, { calm_p99_ms: 101 })).toEqual(["the bound calm_p99_ms was raised from 100 to 101"]);
  expect(loosened(file)).toEqual([]);
});
