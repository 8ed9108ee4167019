import { expect, test } from "vitest";
import type { Anomaly, AnomalyKind } from "../contract/verdict.ts";
import { judge } from "./judge.ts";

const good = { unknown: [] as string[], doubtful: new Set<AnomalyKind>(), faultsEffective: 1, allowNoFaults: false, acknowledged: 5000, minAcknowledged: 1000 };
const anomaly = (kind: AnomalyKind): Anomaly => ({ kind, count: 2, ranges: ["p0 #1-2"], detail: "" });

test("nothing found and something proved is VALID", () => expect(judge([anomaly("recovered")], good)).toEqual({ verdict: "VALID", reasons: [] }));

test("nothing proved is VACUOUS, and says why", () => {
  expect(judge([], { ...good, faultsEffective: 0 })).toMatchObject({ verdict: "VACUOUS", reasons: [expect.stringContaining("no fault")] });
  expect(judge([], { ...good, faultsEffective: 0, allowNoFaults: true }).verdict).toBe("VALID");
  expect(judge([], { ...good, acknowledged: 999 })).toMatchObject({ verdict: "VACUOUS", reasons: [expect.stringContaining("999")] });
});

test("the worst wins and comes first; all is said", () => {
  const { verdict, reasons } = judge([anomaly("unseen"), anomaly("lost-sink")], { ...good, unknown: ["damaged"], faultsEffective: 0 });
  expect(verdict).toBe("INVALID");
  expect(reasons[0]).toContain("2 lost-sink");
  expect(reasons).toHaveLength(4);
});

test("what may be an error of the judge proves nothing", () => {
  const { verdict, reasons } = judge([anomaly("phantom")], { ...good, unknown: ["damaged"], doubtful: new Set(["phantom"] as const) });
  expect(verdict).toBe("UNKNOWN");
  expect(reasons.join()).toContain("not certain");
});
