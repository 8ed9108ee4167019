import { describe, expect, test } from "vitest";
import { UNKNOWN_SAMPLE, type Sample } from "../../contract/sample.ts";
import { madeRun, SOME_FAULTS } from "../page/fixture/made-run.ts";
import { timelineOf } from "./builder.ts";
import { thin } from "./thin.ts";
import { COLUMNS, type Timeline } from "./timeline.ts";

const BASE = 1_000_000;
const at = (second: number, known: Partial<Sample> = {}): Sample => ({
  ...UNKNOWN_SAMPLE,
  at_ms: BASE + second * 1_000,
  ...known,
});
const answered = (producer: number) => ({ ...UNKNOWN_SAMPLE.answered_ms, producer });
const rows = (...values: (number | null)[]): Sample[] => values.map((value, second) => at(second, { lag: value }));

describe("columns", () => {
  test("rates are differences by the time at which the source had answered; after an unknown value there is none", () => {
    const { columns, unknown } = timelineOf(
      [
        at(0, { acknowledged: 100, answered_ms: answered(BASE) }),
        at(1, { acknowledged: 300, answered_ms: answered(BASE + 500) }),
        at(2),
        at(3, { acknowledged: 900 }),
        at(4, { acknowledged: 1_000 }),
        at(5, { acknowledged: 990 }),
      ],
      [],
    );
    expect(columns.acknowledged_per_s).toEqual([null, 400, null, null, 100, null]);
    expect(columns.stored_per_s).toEqual([null, null, null, null, null, null]);
    // From the last known to the next.
    expect(unknown.rate).toEqual([[BASE + 1_000, BASE + 3_000]]);
  });

  test("a time without samples stays a gap of nulls, and nothing is measured across it", () => {
    const timeline = timelineOf([at(0, { acknowledged: 0, lag: 5 }), at(4, { acknowledged: 400, lag: 5 })], []);
    expect(timeline.gaps).toEqual([[BASE, BASE + 4_000]]);
    expect(timeline.at_ms).toEqual([BASE, BASE + 1, BASE + 4_000]);
    expect(timeline.columns.lag).toEqual([5, null, 5]);
    expect(timeline.columns.acknowledged_per_s).toEqual([null, null, null]);
    expect(timelineOf([at(0), at(2.5)], []).gaps).toEqual([]);
  });

  test("a second without rows has no latency, and that is known; a source without an answer is unknown", () => {
    const answered_ms = { ...UNKNOWN_SAMPLE.answered_ms, latency: BASE };
    expect(timelineOf([at(0, { answered_ms }), at(1, { answered_ms })], []).unknown.latency).toEqual([]);
    expect(timelineOf([at(0), at(1)], []).unknown.latency).toEqual([[BASE, BASE + 1_000]]);
  });

  test("the oldest event is unknown if it is unknown on one partition", () => {
    const ages = [at(0, { unstored_age_ms: [0, 900] }), at(1, { unstored_age_ms: [0, null] })];
    expect(timelineOf(ages, []).columns.unstored_age_ms).toEqual([900, null]);
  });

  test("standstill counts only while there is something to store, and starts again when a partition moves", () => {
    const samples = [3, 3, 3, 4, 8, 8].map((next, second) =>
      at(second, { next_offsets: [next, 0], log_ends: [8, 0], unstored_age_ms: [9_000, 0] }),
    );
    expect(timelineOf(samples, []).standstill_ms).toEqual([
      [0, 1_000, 2_000, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
  });

  test("partitions that are first heard of later were unknown before", () => {
    const samples = [at(0), at(1, { next_offsets: [1], log_ends: [1] })];
    expect(timelineOf(samples, []).standstill_ms).toEqual([[null, 0]]);
  });
});

describe("a run with faults", () => {
  const made = madeRun({ seconds: 200, gaps: [[140, 146]] });
  const timeline = timelineOf(made.samples, made.records);
  const lane = (name: string) => timeline.lanes.find((lane) => lane.name === name);
  const stateAt = (name: string, second: number) =>
    lane(name)?.spans.find(({ from_ms, to_ms }) => {
      const ms = made.baseMs + second * 1_000;
      return from_ms <= ms && ms < to_ms;
    })?.state;

  test("phases stand where the journal has them", () => {
    expect(timeline.faults[1]).toMatchObject({
      kind: "kill",
      node: "postgres",
      injected_ms: made.baseMs + 37_000,
      active_ms: made.baseMs + 37_300,
      healed_ms: made.baseMs + 43_000,
      ready_ms: made.baseMs + 45_400,
      effective: true,
    });
  });

  test("events are visible again when every partition has stored a record from behind the effect", () => {
    const [, kill, stop] = timeline.faults;
    // Nothing is stored until 47 s.
    expect((kill?.visible_ms ?? 0) - made.baseMs).toBeGreaterThanOrEqual(47_000);
    expect((kill?.visible_ms ?? 0) - made.baseMs).toBeLessThan(51_000);
    expect((stop?.visible_ms ?? 0) - made.baseMs).toBeLessThan(63_000);
    expect(timeline.faults.at(-1)).toMatchObject({ effective: false, visible_ms: null });
  });

  test("a lane says what the journal and the node's own answers say", () => {
    expect(stateAt("postgres", 30)).toBe("up");
    expect(stateAt("postgres", 40)).toBe("down");
    expect(stateAt("postgres", 50)).toBe("up");
    expect(stateAt("spark-worker-2", 20)).toBe("paused");
    expect(stateAt("driver", 20)).toBe("unknown");
    // An executor is struck, not its worker; a fault without effect changes nothing; without samples nobody knows.
    expect(stateAt("spark-worker-1", 84)).toBe("up");
    expect(stateAt("kafka-1", 168)).toBe("up");
    expect(stateAt("kafka-1", 143)).toBe("unknown");
    expect(lane("postgres")?.restarts_ms).toEqual([made.baseMs + 43_000]);
    expect(lane("spark-worker-2")?.restarts_ms).toEqual([]);
    expect(lane("kafka-3")?.roles.map(({ role }) => role)).toEqual(["controller", "controller", "controller"]);
    for (const { spans } of timeline.lanes)
      for (const [index, span] of spans.entries()) if (index > 0) expect(span.from_ms).toBe(spans[index - 1]?.to_ms);
  });

  test("a node that does not answer without a fault is silent, and one that only the journal names is unknown", () => {
    const node = { name: "postgres", kind: "postgres", role: null } as const;
    const samples = [true, true, false, false].map((answers, second) => at(second, { nodes: [{ ...node, answers }] }));
    expect(timelineOf(samples, []).lanes[0]?.spans).toEqual([
      { state: "up", from_ms: BASE, to_ms: BASE + 2_000 },
      { state: "silent", from_ms: BASE + 2_000, to_ms: BASE + 3_000 },
    ]);
    const { lanes } = timelineOf([], made.records);
    expect(lanes.map(({ name }) => name)).toContain("driver");
    expect(lanes[0]?.spans[0]?.state).toBe("unknown");
  });
});

function extremes(timeline: Timeline, name: (typeof COLUMNS)[number]): number[] {
  const known = timeline.columns[name].filter((value) => value !== null);
  return [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
}

describe("thinning", () => {
  const day = madeRun({ seconds: 86_400, partitions: 3, gaps: [[5_000, 5_100]], faults: SOME_FAULTS });
  const whole = timelineOf(day.samples, day.records);
  const thinned = thin(whole);

  test("a day becomes about 2,000 rows in order, with every column's extremes, and all faults and gaps", () => {
    expect(whole.at_ms.length).toBeGreaterThan(86_000);
    expect(thinned.at_ms.length).toBeLessThan(2_300);
    expect(thinned.at_ms).toEqual(thinned.at_ms.toSorted((a, b) => a - b));
    expect(new Set(thinned.at_ms).size).toBe(thinned.at_ms.length);
    for (const name of COLUMNS) {
      expect(thinned.columns[name]).toHaveLength(thinned.at_ms.length);
      expect(extremes(thinned, name)).toEqual(extremes(whole, name));
    }
    expect(thinned.faults).toEqual(whole.faults);
    for (const column of thinned.standstill_ms) expect(column).toHaveLength(thinned.at_ms.length);
  });

  test("the rows around each edge of a fault stay, and the gap stays empty", () => {
    for (const fault of whole.faults)
      for (const edge of [fault.injected_ms, fault.active_ms, fault.healed_ms, fault.ready_ms]) {
        const row = whole.at_ms.findIndex((ms) => ms >= (edge ?? 0));
        for (const kept of [row - 1, row]) expect(thinned.at_ms).toContain(whole.at_ms[kept]);
      }
    const [[fromMs, toMs] = [0, 0]] = whole.gaps;
    const inside = thinned.at_ms.flatMap((ms, row) => (ms > fromMs && ms < toMs ? [thinned.columns.lag[row]] : []));
    expect(inside).toEqual([null]);
    expect(thinned.at_ms).toContain(fromMs);
    expect(thinned.at_ms).toContain(toMs);
  });

  test("a part of it keeps each row, and one more at each side", () => {
    const [fromMs, toMs] = [day.baseMs + 600_000, day.baseMs + 660_000];
    const part = thin(whole, { fromMs, toMs });
    expect(part.at_ms).toHaveLength(whole.at_ms.filter((ms) => ms >= fromMs && ms < toMs).length + 2);
  });

  test("few rows stay as they are; unknown stays unknown, also among known values", () => {
    const few = timelineOf(rows(1, null, 3), []);
    expect(thin(few)).toEqual(few);
    const dense = timelineOf(rows(5, 1, null, 9, 2, 2, null, null, null), []);
    expect(thin(dense, { points: 6 }).columns.lag).toEqual([5, 1, 9, 2, null, null]);
  });
});
