import { expect, it } from "vitest";
import type { PlannedFault } from "../../contract/plan.ts";
import type { Measure } from "../../report/measure/measure.ts";
import { exactly, faultView } from "../../report/fixture/fault-view.ts";
import { roundsOf } from "./round.ts";

const planned: PlannedFault = { id: 1, at_ms: 5_000, kind: "kill", target: { node: "kafka-2" }, hold_ms: 0 };
const unknown: Measure = { unknown: "no role" };
const roundOf = (more: Parameters<typeof faultView>[2]) =>
  roundsOf("run", [faultView(3, exactly(700), more)], new Map([[3, planned]]))[0];

it("takes the figures of a fault, with the way to its record", () => {
  const round = roundOf({ ackGap: { measure: exactly(400), sharedWith: [] }, takenOver: exactly(720) });
  expect(round).toMatchObject({ run_id: "run", fault_id: 3, fault: planned, effective: true, why: null });
  expect(round?.figures.no_ack).toEqual({ low_ms: 400, high_ms: 400, open: false, by: "commits" });
  expect(round?.figures.taken_over).toMatchObject({ high_ms: 720 });
  expect(round?.figures.visible_again).toMatchObject({ high_ms: 700 });
});

it("detected: a driver's successor claimed; of another node, another one has the role", () => {
  const both = { claimed: exactly(100), failedOver: exactly(200) };
  expect(roundOf({ ...both, nodeKind: "driver" })?.figures.detected).toMatchObject({ high_ms: 100 });
  expect(roundOf({ ...both, nodeKind: "kafka" })?.figures.detected).toMatchObject({ high_ms: 200 });
});

it("caught up: by commit times; by the lag only where they end too early", () => {
  expect(roundOf({ upToDate: exactly(900), caughtUp: exactly(2_000) })?.figures.caught_up).toMatchObject({
    high_ms: 900,
  });
  expect(roundOf({ upToDate: unknown, caughtUp: exactly(2_000) })?.figures.caught_up).toMatchObject({ high_ms: 2_000 });
  expect(roundOf({ upToDate: unknown, caughtUp: unknown })?.figures.caught_up).toEqual({ unknown: "no role" });
});

it("says why a round does not count, or what is not as it should be", () => {
  expect(roundOf({ effective: false })).toMatchObject({ effective: false, why: "no effect was seen" });
  expect(roundOf({ failed: "no node", effective: false })).toMatchObject({ effective: false, why: "no node" });
  expect(roundsOf("run", [faultView(3, exactly(1))], new Map())).toEqual([]);
});
