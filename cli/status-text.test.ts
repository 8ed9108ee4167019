import { expect, it } from "vitest";
import { healthOf, NOW_MS, nodeOf, refused, reportOf } from "./fixture/stack-report.ts";
import { statusText } from "./status-text.ts";

const lines = (...args: Parameters<typeof statusText>): string[] => statusText(...args).split("\n");

it("has one line per partition, with its figures, and the reason below", () => {
  const health = healthOf(
    { nextOffset: 1_234, logEnd: 1_240, unstoredAgeMs: 420 },
    refused(151_000),
    { nextOffset: null, logEnd: 7, unstoredAgeMs: null, unknownBecause: "PostgreSQL does not answer" },
    // Its age was asked a moment before its offsets.
    { unstoredAgeMs: 211 },
  );
  const text = lines(reportOf({ health }), NOW_MS);
  expect(text.filter((line) => line.startsWith("partition "))).toEqual([
    "partition 0     flowing  stored to 1,234 of 1,240         oldest event not stored: 420 ms old",
    "partition 1     stuck    stored to 40 of 12,345           oldest event not stored: 151 s old, still for 151 s",
    "partition 2     unknown  stored to unknown of 7           oldest event not stored: unknown",
    "partition 3     idle     stored to 90 of 90               oldest event not stored: none",
  ]);
  const below = (name: string): string | undefined => text[text.findIndex((line) => line.startsWith(name)) + 1];
  expect(below("partition 1")).toBe("    offset gap in payments/1: expected 40, got 41");
  expect(below("partition 2")).toBe("    PostgreSQL does not answer");
});

it("says why the partitions are unknown, and what the sink last complained about", () => {
  const text = statusText(
    reportOf({
      health: null,
      health_unknown: "there is no health.json: no monitor has written one yet",
      sink_errors: [{ partition: 3, error: "offset gap", at_ms: NOW_MS - 2_500 }],
    }),
    NOW_MS,
  );
  expect(text).toContain("partitions      unknown: there is no health.json");
  expect(text).toContain("partition 3: the sink's last error, 2.5 s ago: offset gap");
});

it("ends with the outcome and its reasons", () => {
  expect(lines(reportOf()).at(-2)).toBe("well");
  const nodes = [nodeOf("driver", { kind: "driver", ready: false }), nodeOf("kafka-1")];
  expect(lines(reportOf({ nodes, health: healthOf({}, refused(6_000)) })).at(-2)).toBe(
    "not well: driver is not ready; partition 1 is stuck",
  );
});

it("shows no partitions of a stack that is down, and knows when none is here", () => {
  const down = reportOf({ stack: undefined, nodes: [nodeOf("kafka-1", { state: "down", ready: false })] });
  expect(statusText(down)).not.toContain("partition");
  expect(lines(down).at(-2)).toMatch(/^no stack: /);
  expect(statusText(reportOf({ stack: undefined, nodes: [] }))).toBe("no stack is here; ./faultline up starts one\n");
});

it("says of two drivers which one is active", () => {
  const nodes = [
    nodeOf("driver", { kind: "driver", role: "active" }),
    nodeOf("driver-2", { kind: "driver", role: "standby" }),
  ];
  expect(lines(reportOf({ nodes })).filter((line) => line.startsWith("driver"))).toEqual([
    "driver          ready    running  pid -        active",
    "driver-2        ready    running  pid -        standby",
  ]);
});
