import { describe, expect, it } from "vitest";
import type { StackReport } from "../platform/runtime.ts";
import { healthOf, nodeOf, refused, reportOf } from "./fixture/stack-report.ts";
import { STATUS_EXIT_CODES, statusOutcome } from "./status-outcome.ts";

function judged(changes: Partial<StackReport>): [number, string[]] {
  const { outcome, reasons } = statusOutcome(reportOf(changes));
  return [STATUS_EXIT_CODES[outcome], reasons];
}

const noHealth = { health: null, health_unknown: "health.json is 9 s old: the monitor does not write it" };

describe("status says", () => {
  it("0 if every node that should run is ready and every partition flows or has nothing to store", () => {
    expect(judged({})).toEqual([0, []]);
    expect(judged({ health: healthOf({ nextOffset: 80 }) })).toEqual([0, []]);
    const over = nodeOf("producer", { kind: "producer", state: "down", ready: false, should_run: false });
    expect(judged({ nodes: [over] })).toEqual([0, []]);
  });

  it("1 for a partition that is stuck, and names it", () => {
    expect(judged({ health: healthOf({}, refused(6_000)) })).toEqual([1, ["partition 1 is stuck"]]);
    const reasons = ["partitions 0, 2 are stuck"];
    expect(judged({ health: healthOf(refused(6_000), {}, refused(6_000)) })).toEqual([1, reasons]);
  });

  it("1 for a node that should run and does not do its work, and says how it is", () => {
    const nodes = [
      nodeOf("kafka-1", { ready: false }),
      nodeOf("kafka-2", { ready: false, state: "paused" }),
      nodeOf("kafka-3", { ready: false, state: "down", supervision: "held" }),
      nodeOf("postgres"),
    ];
    expect(judged({ nodes })).toEqual([1, ["kafka-1 is not ready", "kafka-2 is paused", "kafka-3 is down"]]);
  });

  it("2 if nobody knows how a partition is, never 0", () => {
    expect(judged(noHealth)).toEqual([2, [noHealth.health_unknown]]);
    expect(judged({ health: { ...healthOf(), partitions: [] } })).toEqual([2, ["health.json has no partition"]]);
    expect(judged({ health: healthOf({}, { logEnd: null }) })).toEqual([2, ["partition 1 is unknown"]]);
  });

  it("1 rather than 2, with both reasons", () => {
    const nodes = [nodeOf("monitor", { kind: "monitor", ready: false, state: "down" })];
    expect(judged({ nodes, ...noHealth })).toEqual([1, ["monitor is down", noHealth.health_unknown]]);
    expect(judged({ health: healthOf({ nextOffset: null }, refused(6_000)) })).toEqual([
      1,
      ["partition 1 is stuck", "partition 0 is unknown"],
    ]);
  });

  it("69 without a stack, whatever else is there", () => {
    expect(judged({ stack: undefined })[0]).toBe(69);
  });
});
