import { describe, expect, test } from "vitest";
import type { FaultHistory } from "../../contract/fault-history.ts";
import type { ProducerStatus } from "../../contract/run.ts";
import { hollowReasons, idleFaultReasons, type RunFacts } from "./hollow-run.ts";
import type { RowTimes } from "./storing-load.ts";

const facts: RunFacts = {
  rows: 1000,
  attempted: 1000,
  acknowledged: 1000,
  minAcknowledged: 1000,
  status: undefined,
  faults: [],
  evidence: { points: [], rows: "no commit times" },
};
const reasons = (changed: Partial<RunFacts>) => hollowReasons({ ...facts, ...changed });
const healed = (...times: (number | undefined)[]) => times.map((healedMs) => ({ healedMs }) as FaultHistory);
const rows = (firstMs: number | undefined): RowTimes => ({ firstMs, lastMs: firstMs, committedMs: () => undefined });
const throttled = (count: number) => ({ throttled: count }) as ProducerStatus;

const fewRows = (stored: number, least: number) =>
  `only ${stored} of 1000 acknowledged events became rows; at least ${least} rows are needed to prove something about the table`;

const committedAfter = (firstMs: number | undefined, ...undone: (number | undefined)[]) =>
  reasons({ faults: healed(...undone), evidence: { points: [], rows: rows(firstMs) } });

describe("a run proves nothing", () => {
  test("with fewer acknowledged events than asked for", () => {
    expect(reasons({})).toEqual([]);
    expect(reasons({ acknowledged: 999 })).toEqual([
      "only 999 events were acknowledged; at least 1000 are needed to prove something",
    ]);
  });

  test("with fewer rows than half of them; if nobody could read the rows, nothing is said of them", () => {
    expect(reasons({ rows: 500 })).toEqual([]);
    expect(reasons({ rows: undefined })).toEqual([]);
    expect(reasons({ rows: 499 })).toEqual([fewRows(499, 500)]);
    expect(reasons({ rows: 499, minAcknowledged: 999 })).toEqual([fewRows(499, 500)]);
    expect(reasons({ rows: 0, minAcknowledged: 0 })).toEqual([fewRows(0, 1)]);
    expect(reasons({ rows: 1, minAcknowledged: 0 })).toEqual([]);
  });

  test("if the producer turned away more than nine of ten events", () => {
    expect(reasons({ status: throttled(0) })).toEqual([]);
    expect(reasons({ attempted: 0, status: undefined })).toEqual([]);
    expect(reasons({ status: throttled(9000) })).toEqual([]);
    expect(reasons({ status: throttled(9001) })).toEqual([
      expect.stringContaining("only 1000 of 10001 events that were due were attempted"),
    ]);
  });

  const late = expect.stringContaining("all rows were stored after the last fault was undone");
  test("if all rows were committed after the last fault", () => {
    expect(committedAfter(101, 50, 100)).toEqual([late]);
    expect(committedAfter(100, 50, 100)).toEqual([]);
    expect(committedAfter(60, 50, 100)).toEqual([]);
    expect(committedAfter(101, 100, undefined)).toEqual([]);
    expect(committedAfter(undefined, 100)).toEqual([]);
    expect(committedAfter(101)).toEqual([]);
  });

  test("not if nobody knows the rows, or none is there", () => {
    const evidence = { points: [], rows: rows(101) };
    for (const count of [undefined, 0])
      expect(reasons({ rows: count, minAcknowledged: 0, faults: healed(100), evidence })).not.toContainEqual(late);
  });

  test("if samples saw all partitions empty after the last fault", () => {
    const seen = (sinceMs: number, ...nextOffsets: number[]) => {
      const points = [{ sinceMs, atMs: sinceMs + 1000, nextOffsets }];
      return reasons({ faults: healed(50, 100), evidence: { points, rows: "none" } });
    };
    expect(seen(100, 0, 0)).toEqual([late]);
    expect(seen(99, 0, 0)).toEqual([]);
    expect(seen(100, 0, 1)).toEqual([]);
    expect(seen(100, 1, 0)).toEqual([]);
    expect(reasons({ faults: healed(100), evidence: { points: [], rows: "none" } })).toEqual([]);
  });
});

const struckLine = (struck: number, underLoad: number, recovered: number) =>
  ({ node_kind: "postgres", struck, under_load: underLoad, recovered }) as const;

describe("faults prove nothing", () => {
  test("if none had an effect", () =>
    expect(idleFaultReasons([], undefined)).toEqual([expect.stringContaining("no fault had an effect")]));

  test("unless one of them was under load and its path recovered", () => {
    expect(idleFaultReasons([struckLine(2, 1, 1)], undefined)).toEqual([]);
    expect(idleFaultReasons([struckLine(2, 1, 0), struckLine(1, 1, 1)], undefined)).toEqual([]);
  });

  test("and then says how many, and what was missing", () => {
    const said = (...lines: ReturnType<typeof struckLine>[]) => idleFaultReasons(lines, undefined)[0];
    expect(said(struckLine(2, 0, 0), struckLine(3, 1, 0))).toMatch(
      /^5 faults had an effect, .*postgres: struck 2, none while records were not yet stored; postgres: struck 3, under load 1, but nothing was stored after the undo$/,
    );
    expect(said(struckLine(1, 0, 0))).toMatch(/^1 fault had an effect, /);
  });
});
