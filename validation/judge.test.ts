import { expect, test } from "vitest";
import type { Anomaly, AnomalyKind } from "../contract/verdict.ts";
import { ANOMALIES } from "../contract/verdict.ts";
import { judge } from "./judge.ts";

const good = {
  unknown: [] as string[],
  doubtful: new Set<AnomalyKind>(),
  hollow: [] as string[],
  breaches: [] as string[],
};
const anomaly = (kind: AnomalyKind): Anomaly => ({ kind, count: 2, ranges: ["p0 #1-2"], detail: "" });

test("nothing found and something proved is VALID", () =>
  expect(judge([anomaly("recovered")], good)).toEqual({ verdict: "VALID", reasons: [] }));

test("nothing proved is VACUOUS, and says why", () =>
  expect(judge([], { ...good, hollow: ["no fault", "few events"] })).toEqual({
    verdict: "VACUOUS",
    reasons: ["no fault", "few events"],
  }));

test("a bound that was exceeded is SLO_BREACH, and worse than VACUOUS", () =>
  expect(judge([], { ...good, hollow: ["few events"], breaches: ["late"] })).toEqual({
    verdict: "SLO_BREACH",
    reasons: ["late", "few events"],
  }));

test("the worst wins and comes first; all is said", () => {
  const { verdict, reasons } = judge([anomaly("unseen"), anomaly("lost-sink")], {
    ...good,
    unknown: ["damaged"],
    hollow: ["no fault"],
  });
  expect(verdict).toBe("INVALID");
  expect(reasons[0]).toContain("2 lost-sink");
  expect(reasons).toHaveLength(4);
});

test("what may be an error of the judge proves nothing", () => {
  const { verdict, reasons } = judge([anomaly("phantom")], {
    ...good,
    unknown: ["damaged"],
    doubtful: new Set(["phantom"] as const),
  });
  expect(verdict).toBe("UNKNOWN");
  expect(reasons.join()).toContain("not certain");
});

test("a source that is missing is UNKNOWN, and its reason is given word for word", () =>
  expect(judge([], { ...good, unknown: ["Kafka does not answer"] })).toEqual({
    verdict: "UNKNOWN",
    reasons: ["Kafka does not answer"],
  }));

test("doubt takes nothing from a finding that would not make the run INVALID", () => {
  const { verdict, reasons } = judge([anomaly("unseen")], { ...good, doubtful: new Set(["unseen"] as const) });
  expect(verdict).toBe("STALLED");
  expect(reasons.join()).not.toContain("not certain");
});

test("doubt without another reason is UNKNOWN, never INVALID", () =>
  expect(judge([anomaly("phantom")], { ...good, doubtful: new Set(["phantom"] as const) }).verdict).toBe("UNKNOWN"));

const reasonsOf = (count: number) => {
  const ranges = Array.from({ length: count }, (_, at) => `p${at} #7`);
  return judge([{ ...anomaly("lost-sink"), count, ranges }], good).reasons;
};

test("a reason has count, kind, definition, and at most three places", () => {
  const { definition } = ANOMALIES["lost-sink"];
  expect(reasonsOf(1)).toEqual([`1 lost-sink: ${definition} (p0 #7)`]);
  expect(reasonsOf(3)).toEqual([`3 lost-sink: ${definition} (p0 #7, p1 #7, p2 #7)`]);
  expect(reasonsOf(4)).toEqual([`4 lost-sink: ${definition} (p0 #7, p1 #7, p2 #7, …)`]);
});
