import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FaultlineError } from "../../contract/errors.ts";
import { FAULT_KINDS, type FaultKind, type FaultTarget, type Plan } from "../../contract/plan.ts";
import { CATALOG, type TargetKind } from "./catalog.ts";
import { encodePlan, makePlan, MIN_INTERVAL_MS, parsePlan, type PlanRequest, requireRunnable } from "./plan.ts";

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
const request = (more: Partial<PlanRequest> = {}): PlanRequest => ({
  seed: 7,
  durationMs: 600_000,
  intervalMs: 30_000,
  nodes: NODES,
  partitions: 6,
  ...more,
});

/** What a fault strikes, in the words of --targets. */
function struck(fault: Plan["faults"][number]): string {
  if ("executor_of" in fault.target) return "executor";
  if ("role" in fault.target) return "kafka";
  const { node } = fault.target;
  return NODES.find(({ name }) => name === node)?.kind as string;
}

function within(value: number | undefined, min: number, max: number): boolean {
  return value !== undefined && value >= min && value <= max;
}

function errorOf(action: () => unknown): FaultlineError {
  try {
    action();
  } catch (error) {
    return error as FaultlineError;
  }
  throw new Error("no error");
}

/** Seed 7, six faults: as drawn since the first version. */
const GOLDEN: unknown[] = [
  { id: 1, at_ms: 26253, kind: "kill", target: { role: "controller" }, hold_ms: 6475 },
  { id: 2, at_ms: 119568, kind: "pause", target: { node: "spark-worker-2" }, hold_ms: 6567 },
  { id: 3, at_ms: 224032, kind: "kill", target: { node: "postgres" }, hold_ms: 5316 },
  { id: 4, at_ms: 314004, kind: "pause", target: { executor_of: "spark-worker-2" }, hold_ms: 5008 },
  { id: 5, at_ms: 411135, kind: "pause", target: { node: "producer" }, hold_ms: 4385 },
  { id: 6, at_ms: 521390, kind: "pause", target: { node: "driver" }, hold_ms: 4336 },
];

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
        expect(new Set(first)).toEqual(
          new Set(["kafka", "spark-worker", "executor", "driver", "postgres", "producer"]),
        );
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
          const [min, max] = CATALOG[fault.kind][struck(fault) as TargetKind] ?? [Number.NaN, Number.NaN];
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
    const [shorter, longer] = [40_000, 50_000].map((intervalMs) =>
      makePlan(request({ intervalMs })).faults.slice(0, 12),
    );
    expect(shorter?.map(({ kind, target }) => ({ kind, target }))).toEqual(
      longer?.map(({ kind, target }) => ({ kind, target })),
    );
  });

  it("draws every fault, target and role in the long run", () => {
    const { faults } = makePlan(request({ durationMs: 12_000_000 }));
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(["kill", "stop", "pause", "restart"]));
    const targets = faults.map(({ target }) =>
      "node" in target ? target.node : "role" in target ? target.role : `executor of ${target.executor_of}`,
    );
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

  it("draws what it always drew for a stack without conditions, ZooKeeper and standby masters", () => {
    // Plans are named by their seed: a stack that has not changed must get the same one.
    const { faults } = makePlan(request({ intervalMs: 100_000 }));
    expect(faults).toEqual(GOLDEN);
    const unable = NODES.map((node) => ({ ...node, unavailable: { isolate: "no namespaces", cpu: "no cgroups" } }));
    expect(makePlan(request({ nodes: unable }))).toEqual(makePlan(request()));
  });

  const BIGGER: PlanRequest["nodes"] = [
    ...NODES,
    { name: "zookeeper", kind: "zookeeper" },
    { name: "spark-master-2", kind: "spark-master" },
  ];

  it("strikes ZooKeeper where there is one, and a Spark master where another stands by", () => {
    expect(makePlan(request({ nodes: BIGGER })).kinds).toEqual([
      "kafka",
      "spark-master",
      "spark-worker",
      "driver",
      "postgres",
      "producer",
      "zookeeper",
    ]);
    const masters = makePlan(request({ nodes: BIGGER, durationMs: 12_000_000 })).faults.map(({ target }) =>
      "node" in target ? target.node : "",
    );
    expect(masters).toEqual(expect.arrayContaining(["spark-master", "spark-master-2", "zookeeper"]));
  });

  it("strikes the monitor only by name, and draws without it what it draws for a stack that has none", () => {
    const nodes = [...NODES, { name: "monitor", kind: "monitor" as const }];
    expect(makePlan(request({ nodes }))).toEqual(makePlan(request()));
    const named = makePlan(request({ nodes, targets: ["monitor"] }));
    expect(named.kinds).toEqual(["monitor"]);
    expect(new Set(named.faults.map(({ target }) => JSON.stringify(target)))).toEqual(new Set(['{"node":"monitor"}']));
  });

  const conditions: FaultKind[] = ["disconnect", "isolate", "delay", "cpu", "memory"];

  it("draws conditions with their parameters, only when asked, and reads them back", () => {
    fc.assert(
      fc.property(requests, (drawn) => {
        const durationMs = Math.max(drawn.durationMs, 8 * MIN_INTERVAL_MS);
        const plan = makePlan(request({ ...drawn, durationMs, kinds: conditions, nodes: BIGGER }));
        expect(parsePlan(encodePlan(plan))).toEqual(plan);
        for (const { kind, target, delay_ms, jitter_ms, cpu_workers, memory_mib } of plan.faults) {
          expect(conditions).toContain(kind);
          expect("executor_of" in target).toBe(false);
          if (kind === "delay") {
            expect(within(delay_ms, 50, 300) && within(jitter_ms, 0, (delay_ms as number) / 5)).toBe(true);
            expect("node" in target ? target.node : "role").toMatch(/^(kafka|postgres|role)/);
          }
          if (kind === "cpu") expect(within(cpu_workers, 1, 2)).toBe(true);
          if (kind === "memory") expect(within(memory_mib, 64, 256)).toBe(true);
        }
      }),
    );
    const drawn = makePlan(request({ durationMs: 12_000_000, kinds: conditions })).faults.map(({ kind }) => kind);
    expect(new Set(drawn)).toEqual(new Set(conditions));
  });

  it("draws a fault only for nodes that can suffer it, and no role unless all brokers can", () => {
    const nodes = NODES.map((node) =>
      node.name === "kafka-3" ? { ...node, unavailable: { isolate: "no namespace" } } : node,
    );
    const targets = makePlan(
      request({ nodes, kinds: ["isolate"], targets: ["kafka"], durationMs: 6_000_000 }),
    ).faults.map(({ target }) => target);
    expect(new Set(targets.map((target) => JSON.stringify(target)))).toEqual(
      new Set(['{"node":"kafka-1"}', '{"node":"kafka-2"}']),
    );
  });

  it("refuses a fault asked for by name that none of a target's nodes can suffer, with the reason", () => {
    const nodes = NODES.map((node) =>
      node.kind === "postgres"
        ? node
        : { ...node, unavailable: { delay: "no proxy", isolate: `no namespace for ${node.kind}` } },
    );
    const refuse = (more: Partial<PlanRequest>) => errorOf(() => makePlan(request({ nodes, ...more })));
    expect(refuse({ kinds: ["kill", "delay"], targets: ["postgres", "kafka"] })).toMatchObject({
      code: "FL_FAULT_UNAVAILABLE",
      message: "delay can't be done to kafka here: kafka-1, kafka-2, kafka-3: no proxy",
    });
    expect(refuse({ kinds: ["isolate"], targets: ["spark"] }).message).toBe(
      "isolate can't be done to spark here: spark-worker-1, spark-worker-2: no namespace for spark-worker; driver: no namespace for driver",
    );
    expect(refuse({ kinds: ["delay"], targets: ["leader:2"] }).code).toBe("FL_FAULT_UNAVAILABLE");
    // Not aimed at anything: enough that one node can.
    expect(
      new Set(makePlan(request({ nodes, kinds: ["delay"] })).faults.map(({ target }) => JSON.stringify(target))),
    ).toEqual(new Set(['{"node":"postgres"}']));
    const nobody = nodes.map((node) => ({ ...node, unavailable: { delay: "no proxy" } }));
    expect(errorOf(() => makePlan(request({ nodes: nobody, kinds: ["delay", "kill"] }))).message).toMatch(
      /^delay can't be done to the stack here: kafka-1, .*postgres: no proxy$/,
    );
    const none = { kill: "k", stop: "s", pause: "p", restart: "r" };
    expect(
      errorOf(() =>
        makePlan(
          request({ nodes: [{ name: "postgres", kind: "postgres", unavailable: none }], targets: ["postgres"] }),
        ),
      ),
    ).toMatchObject({
      code: "FL_FAULT_UNAVAILABLE",
      message: expect.stringContaining("kill on postgres: k") as unknown,
    });
  });

  it("draws both of two drivers, and strikes the active one and the primary by their roles", () => {
    const nodes = [
      ...NODES,
      { name: "driver-2", kind: "driver" as const },
      { name: "postgres-2", kind: "postgres" as const },
    ];
    const targets = (wanted: string): Set<string> =>
      new Set(
        makePlan(request({ nodes, targets: [wanted], durationMs: 3_000_000 })).faults.map(({ target }) =>
          JSON.stringify(target),
        ),
      );
    expect(targets("driver")).toEqual(new Set(['{"node":"driver"}', '{"node":"driver-2"}']));
    expect(targets("active-driver")).toEqual(new Set(['{"role":"active-driver"}']));
    expect(targets("driver-2")).toEqual(new Set(['{"node":"driver-2"}']));
    for (const target of ["postgres", "primary"]) expect(targets(target)).toEqual(new Set(['{"role":"primary"}']));
    expect(targets("postgres-2")).toEqual(new Set(['{"node":"postgres-2"}']));
  });

  it("refuses an unknown target and lists the valid ones", () => {
    for (const target of ["kafka-9", "leader:6", "leader:x", "", "toString"]) {
      const error = errorOf(() => makePlan(request({ targets: [target] })));
      expect(error.code).toBe("FL_PLAN_INVALID");
      expect(error.message).toContain(JSON.stringify(target));
      expect(error.remedy).toMatch(
        /kafka-1.*producer.*executor.*spark.*leader:0 to leader:5.*controller.*active-driver/,
      );
    }
  });

  it("refuses a fault that a named target can't suffer", () => {
    const possible = FAULT_KINDS.filter((kind) => CATALOG[kind].producer !== null);
    expect(possible).toEqual(expect.arrayContaining(["kill", "pause", "disconnect", "isolate", "cpu", "memory"]));
    expect(errorOf(() => makePlan(request({ targets: ["producer"], kinds: ["restart"] }))).remedy).toBe(
      `faults for producer: ${possible.join(", ")}`,
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
    ["another version", JSON.stringify({ ...good, version: 2 }), /^p: version 2 is not known.*reads version 1/],
    ["an unknown member", JSON.stringify({ ...good, more: 1 }), /more/],
    [
      "an unknown kind",
      text((plan) => Object.assign(plan.faults[2] as object, { kind: "burn" })),
      /^p: faults\[2\]\.kind: /,
    ],
    [
      "a negative hold",
      text((plan) => Object.assign(plan.faults[0] as object, { hold_ms: -1 })),
      /^p: faults\[0\]\.hold_ms: /,
    ],
    [
      "an id used twice",
      text((plan) => Object.assign(plan.faults[1] as object, { id: 1 })),
      /faults\[1\]\.id: 1 is used twice/,
    ],
    [
      "faults that overlap",
      text((plan) => Object.assign(plan.faults[1] as object, { at_ms: 1 })),
      /faults\[1\]\.at_ms: 1 is before/,
    ],
    [
      "a delay without its time",
      text((plan) => Object.assign(plan.faults[0] as object, { kind: "delay" })),
      /^p: faults\[0\]\.delay_ms: missing/,
    ],
    [
      "a jitter longer than its delay",
      text((plan) => Object.assign(plan.faults[0] as object, { kind: "delay", delay_ms: 50, jitter_ms: 51 })),
      /^p: faults\[0\]\.jitter_ms: 51 is more than delay_ms 50$/,
    ],
    [
      "cpu without workers",
      text((plan) => Object.assign(plan.faults[0] as object, { kind: "cpu" })),
      /^p: faults\[0\]\.cpu_workers: missing, cpu needs it$/,
    ],
    [
      "memory without an amount",
      text((plan) => Object.assign(plan.faults[0] as object, { kind: "memory" })),
      /^p: faults\[0\]\.memory_mib: missing/,
    ],
    [
      "a parameter of another fault",
      text((plan) =>
        Object.assign(plan.faults[3] as object, { kind: "isolate", target: { node: "driver" }, cpu_workers: 2 }),
      ),
      /^p: faults\[3\]\.cpu_workers: 2 belongs to cpu, not to isolate$/,
    ],
    [
      "a condition on an executor",
      text((plan) => Object.assign(plan.faults[0] as object, { kind: "isolate", target: { executor_of: "w" } })),
      /^p: faults\[0\]\.target: isolate strikes nodes/,
    ],
    [
      "a fault after the end",
      text((plan) => Object.assign(plan, { duration_ms: 500_000 })),
      /after duration_ms 500000/,
    ],
  ])("refuses %s", (_name, source, message) => {
    const error = errorOf(() => parsePlan(source, "p"));
    expect(error.code).toBe("FL_PLAN_INVALID");
    expect(error.message).toMatch(message);
  });
});

/** A plan of one fault. */
function planOn(target: FaultTarget): Plan {
  const fault = { id: 1, at_ms: 0, kind: "kill" as const, target, hold_ms: 1 };
  return { version: 1, seed: 1, duration_ms: 10, kinds: ["kafka"], faults: [fault] };
}

it("a plan is run only on nodes that the stack has, and only if it has a fault", () => {
  const nodes = [{ name: "kafka-1", kind: "kafka" as const }];
  for (const target of [{ node: "kafka-9" }, { executor_of: "kafka-9" }])
    expect(errorOf(() => requireRunnable(planOn(target), nodes, "p"))).toMatchObject({
      code: "FL_PLAN_INVALID",
      message: 'p: faults[0].target: the stack has no node "kafka-9"; nodes: kafka-1',
    });
  for (const target of [{ node: "kafka-1" }, { role: "leader", partition: 0 }, { role: "controller" }] as FaultTarget[])
    requireRunnable(planOn(target), nodes);
  expect(errorOf(() => requireRunnable({ ...planOn({ node: "kafka-1" }), faults: [] }, nodes, "p")).message).toMatch(
    /^p: faults: the plan has no fault/,
  );
});
