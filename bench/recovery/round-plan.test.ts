import { expect, it } from "vitest";
import { encodePlan, parsePlan } from "../../chaos/plan/plan.ts";
import { DEFAULT_FAULTS, recoveryFault } from "./faults.ts";
import { roundPlan, targetOn } from "./round-plan.ts";

const NODES = {
  "kafka-1": "kafka",
  "kafka-2": "kafka",
  "kafka-3": "kafka",
  "spark-worker-1": "spark-worker",
  "spark-worker-2": "spark-worker",
  driver: "driver",
  postgres: "postgres",
  "spark-master": "spark-master",
  producer: "producer",
  monitor: "monitor",
} as const;
const STACK = { nodes: Object.entries(NODES).map(([name, kind]) => ({ name, kind })), partitions: 6 };

it("every fault can be planned on a local stack, and the plan is one that the engine reads", () => {
  for (const name of [...DEFAULT_FAULTS, "restart-driver", "stop-broker", "pause-controller", "kill-monitor"]) {
    const fault = recoveryFault(name);
    const plan = roundPlan(fault, STACK, 7, 3);
    expect(parsePlan(encodePlan(plan))).toEqual(plan);
    expect(plan.faults).toMatchObject([{ kind: name.split("-")[0], hold_ms: fault.holdMs }]);
  }
});

it("strikes at a random moment of a cycle, after a calm time; the same seed and round give the same plan", () => {
  const kill = recoveryFault("kill-broker");
  const plans = Array.from({ length: 50 }, (_, round) => roundPlan(kill, STACK, 7, round).faults[0]);
  const times = plans.map((fault) => fault?.at_ms ?? 0);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(5_000);
  expect(Math.max(...times)).toBeLessThan(10_000);
  expect(new Set(times).size).toBeGreaterThan(40);
  // Not always the same broker.
  expect(new Set(plans.map((fault) => JSON.stringify(fault?.target))).size).toBeGreaterThan(3);
  expect(roundPlan(kill, STACK, 7, 4)).toEqual(roundPlan(kill, STACK, 7, 4));
  expect(roundPlan(kill, STACK, 8, 4)).not.toEqual(roundPlan(kill, STACK, 7, 4));
});

it("strikes the workers in turn: after the first round all tasks are on the other one", () => {
  for (const name of ["kill-executor", "kill-worker"]) {
    const struck = [1, 2, 3, 4].map((round) =>
      JSON.stringify(roundPlan(recoveryFault(name), STACK, 7, round).faults[0]?.target),
    );
    expect(struck[0]).not.toBe(struck[1]);
    expect([struck[2], struck[3]]).toEqual([struck[0], struck[1]]);
  }
});

it("leaves the plan room for all that the engine waits for", () => {
  const { duration_ms, faults } = roundPlan(recoveryFault("pause-broker"), STACK, 1, 1);
  expect(duration_ms - (faults[0]?.at_ms ?? 0) - (faults[0]?.hold_ms ?? 0)).toBeGreaterThanOrEqual(180_000);
});

it("where two drivers are, the role of the one that works is struck", () => {
  const kill = recoveryFault("kill-driver");
  expect(targetOn(kill, STACK)).toBe("driver");
  expect(targetOn(kill, { nodes: [...STACK.nodes, { name: "driver-2", kind: "driver" }] })).toBe("active-driver");
  expect(targetOn(recoveryFault("kill-broker"), STACK)).toBe("leader");
});

it("holds: what a supervisor starts again at once is not held; --hold wins; an executor is never held down", () => {
  const holds = DEFAULT_FAULTS.map((name) => [name, recoveryFault(name).holdMs]);
  expect(Object.fromEntries(holds)).toEqual({
    "kill-driver": 0,
    "pause-driver": 12_000,
    "kill-postgres": 0,
    "kill-broker": 12_000,
    "pause-broker": 12_000,
    "kill-worker": 12_000,
    "pause-worker": 12_000,
    "kill-executor": 0,
    "kill-master": 0,
    "kill-producer": 0,
  });
  expect(recoveryFault("kill-driver", 5_000).holdMs).toBe(5_000);
  expect(recoveryFault("pause-executor", 5_000).holdMs).toBe(5_000);
  expect(recoveryFault("kill-executor", 5_000).holdMs).toBe(0);
  expect(recoveryFault("restart-worker", 5_000).holdMs).toBe(0);
});

it("a name that is none is an error that lists all; a producer is never stopped in order", () => {
  for (const name of ["kill", "kill-", "kill-nosuch", "delay-broker", "stop-producer", "stop-executor-x"])
    expect(() => recoveryFault(name)).toThrow(/is no fault of this benchmark/);
});
