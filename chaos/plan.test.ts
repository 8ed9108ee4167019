import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FaultlineError } from "../contract/errors.ts";
import type { FaultKind, Plan } from "../contract/plan.ts";
import { CATALOG } from "./catalog.ts";
import { encodePlan, makePlan, MIN_INTERVAL_MS, parsePlan, type PlanRequest } from "./plan.ts";

const NODES: PlanRequest["nodes"] = [
  { name: "kafka-1", kind: "kafka" },
  { name: "kafka-2", kind: "kafka" },
  { name: "kafka-3", kind: "kafka" },
  { name: "spark-master", kind: "spark-master" },
  { name: "spark-worker-1", kind: "spark-worker" },
  { name: "spark-worker-2", kind: "spark-worker" },
  { name: "driver", kind: "driver" },
  { name: "postgres", kind: "postgres" },
  { name: "producer", kind: "producer" },
];
const request = (more: Partial<PlanRequest> = {}): PlanRequest => ({ seed: 7, durationMs: 600_000, intervalMs: 30_000, nodes: NODES, partitions: 6, ...more });

/** What a fault strikes, in the words of --targets. */
function struck(fault: Plan["faults"][number]): string {
  if ("executor_of" in fault.target) return "executor";
  if ("role" in fault.target) return "kafka";
  const { node } = fault.target;
  return NODES.find(({ name }) => name === node)?.kind as string;
}

function errorOf(action: () => unknown): FaultlineError {
  try {
    action();
  } catch (error) {
    return error as FaultlineError;
  }
  throw new Error("no error");
}

const requests = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  durationMs: fc.integer({ min: 6 * MIN_INTERVAL_MS, max: 2_000_000 }),
  intervalMs: fc.integer({ min: MIN_INTERVAL_MS, max: 100_000 }),
  partitions: fc.integer({ min: 1, max: 12 }),
});

describe("makePlan", () => {
  it("strikes every kind in the first round, whatever the seed and the times", () => {
    fc.assert(
      fc.property(requests, (drawn) => {
        const first = makePlan(request(drawn)).faults.slice(0, 6).map(struck);
        expect(new Set(first)).toEqual(new Set(["kafka", "spark-worker", "executor", "driver", "postgres", "producer"]));
      }),
    );
  });

  it("spaces faults by 0.8 intervals or more, never overlaps them, and ends within the duration", () => {
    fc.assert(
      fc.property(requests, (drawn) => {
        const { faults } = makePlan(request(drawn));
        const intervalMs = Math.min(drawn.intervalMs, Math.floor(drawn.durationMs / 6));
        expect(faults.length).toBe(Math.floor(drawn.durationMs / intervalMs));
        faults.forEach((fault, index) => {
          const next = faults[index + 1];
          if (next !== undefined) expect(next.at_ms - fault.at_ms).toBeGreaterThanOrEqual(0.8 * intervalMs - 1);
          expect(fault.at_ms + fault.hold_ms).toBeLessThanOrEqual(next?.at_ms ?? drawn.durationMs);
        });
      }),
    );
  });

  it("holds each fault for a time within its kind's range", () => {
    fc.assert(
      fc.property(requests, (drawn) => {
        for (const fault of makePlan(request(drawn)).faults) {
          const [min, max] = CATALOG[struck(fault) as keyof typeof CATALOG][fault.kind] ?? [Number.NaN, Number.NaN];
          expect(fault.hold_ms).toBeGreaterThanOrEqual(min);
          expect(fault.hold_ms).toBeLessThanOrEqual(max);
        }
      }),
    );
  });

  it("is the same, byte for byte, for the same request, and reads back", () => {
    fc.assert(
      fc.property(requests, (drawn) => {
        const text = encodePlan(makePlan(request(drawn)));
        expect(encodePlan(makePlan(request(drawn)))).toBe(text);
        expect(encodePlan(parsePlan(text))).toBe(text);
      }),
    );
  });

  it("differs between seeds", () => {
    expect(encodePlan(makePlan(request({ seed: 1 })))).not.toBe(encodePlan(makePlan(request({ seed: 2 }))));
  });

  it("keeps its targets when only the interval changes", () => {
    const [shorter, longer] = [40_000, 50_000].map((intervalMs) => makePlan(request({ intervalMs })).faults.slice(0, 12));
    expect(shorter?.map(({ kind, target }) => ({ kind, target }))).toEqual(longer?.map(({ kind, target }) => ({ kind, target })));
  });

  it("draws every fault, target and role in the long run", () => {
    const { faults } = makePlan(request({ durationMs: 12_000_000 }));
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(["kill", "stop", "pause", "restart"]));
    const targets = faults.map(({ target }) => ("node" in target ? target.node : "role" in target ? target.role : `executor of ${target.executor_of}`));
    expect(new Set(targets)).toEqual(
      new Set([
        ...NODES.map(({ name }) => name).filter((name) => name !== "spark-master"),
        "leader",
        "controller",
        "executor of spark-worker-1",
        "executor of spark-worker-2",
      ]),
    );
  });

  it("takes names, kinds, groups and roles as targets, each once", () => {
    const targets = ["kafka-2", "spark", "driver", "leader:3", "controller", "spark-master", "kafka-2"];
    const plan = makePlan(request({ targets }));
    expect(plan.kinds).toEqual(["kafka", "spark-master", "spark-worker", "driver"]);
    const round = plan.faults.slice(0, 7).map(({ target }) => JSON.stringify(target));
    expect(round).toContain('{"node":"kafka-2"}');
    expect(round).toContain('{"role":"leader","partition":3}');
    expect(round).toContain('{"role":"controller"}');
    expect(round).toContain('{"node":"spark-master"}');
    expect(round).toContain('{"node":"driver"}');
    expect(plan.faults.every(({ target }) => !("node" in target) || target.node !== "postgres")).toBe(true);
  });

  it("draws only the faults asked for", () => {
    const kinds: FaultKind[] = ["pause"];
    expect(new Set(makePlan(request({ kinds })).faults.map(({ kind }) => kind))).toEqual(new Set(["pause"]));
  });

  it("refuses an unknown target and lists the valid ones", () => {
    for (const target of ["kafka-9", "leader:6", "leader:x", "", "toString"]) {
      const error = errorOf(() => makePlan(request({ targets: [target] })));
      expect(error.code).toBe("FL_PLAN_INVALID");
      expect(error.message).toContain(JSON.stringify(target));
      expect(error.remedy).toMatch(/kafka-1.*producer.*executor.*spark.*leader:0 to leader:5.*controller/);
    }
  });

  it("refuses a fault that a named target can't suffer", () => {
    expect(errorOf(() => makePlan(request({ targets: ["producer"], kinds: ["restart"] }))).remedy).toBe(
      "faults for producer: kill, pause, disconnect, isolate, cpu, memory",
    );
  });

  it("refuses a duration or interval that is too short, naming the least that works", () => {
    const short = errorOf(() => makePlan(request({ durationMs: 30_000 })));
    expect(short.message).toContain("--duration 30");
    expect(short.remedy).toContain("--duration 60");
    expect(makePlan(request({ durationMs: 60_000 })).faults).toHaveLength(6);
    expect(errorOf(() => makePlan(request({ intervalMs: 9_000 }))).remedy).toContain("--interval 10");
    expect(errorOf(() => makePlan(request({ seed: 1.5 }))).message).toContain("--seed 1.5");
  });
});

describe("parsePlan", () => {
  const good = makePlan(request());
  const text = (change: (plan: Plan) => void): string => {
    const copy = structuredClone(good);
    change(copy);
    return JSON.stringify(copy);
  };

  it.each([
    ["not JSON", "{", /^p: not JSON/],
    ["another version", JSON.stringify({ ...good, version: 2 }), /^p: version: /],
    ["an unknown member", JSON.stringify({ ...good, more: 1 }), /more/],
    ["an unknown kind", text((plan) => Object.assign(plan.faults[2] as object, { kind: "burn" })), /^p: faults\[2\]\.kind: /],
    ["a negative hold", text((plan) => Object.assign(plan.faults[0] as object, { hold_ms: -1 })), /^p: faults\[0\]\.hold_ms: /],
    ["an id used twice", text((plan) => Object.assign(plan.faults[1] as object, { id: 1 })), /faults\[1\]\.id: 1 is used twice/],
    ["faults that overlap", text((plan) => Object.assign(plan.faults[1] as object, { at_ms: 1 })), /faults\[1\]\.at_ms: 1 is before/],
    ["a fault after the end", text((plan) => Object.assign(plan, { duration_ms: 500_000 })), /after duration_ms 500000/],
  ])("refuses %s", (_name, source, message) => {
    const error = errorOf(() => parsePlan(source, "p"));
    expect(error.code).toBe("FL_PLAN_INVALID");
    expect(error.message).toMatch(message);
  });
});
