import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FaultHistories } from "../contract/fault-history.ts";
import type { NodeControl, NodeStatus } from "../contract/node.ts";
import type { FaultTarget } from "../contract/plan.ts";
import { PROGRAMS, runOne, startTestStack, type TestStack } from "./fixture/stack.ts";

describe("a fault whose capability is absent", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([{ name: "driver", kind: "driver", argv: PROGRAMS.plain }]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  const lacking = (lacks: NodeStatus["lacks"] & object): NodeControl => {
    const { inventory } = stack.control;
    const nodes = async (): Promise<NodeStatus[]> => (await inventory.nodes()).map((node) => ({ ...node, lacks }));
    return { ...stack.control, inventory: { ...inventory, nodes } };
  };
  const kinds = ["kill", "stop", "pause", "restart", "cpu"] as const;

  it.each(kinds)("fails with the reason of the runtime or of the node, and touches nothing (%s)", async (kind) => {
    const fault = { kind, target: { node: "driver" }, hold_ms: 0, ...(kind === "cpu" && { cpu_workers: 1 }) };
    const absent = "there is no hand to do it with";
    const capability = kind === "cpu" ? "conditions" : "lifecycle";
    for (const control of [{ ...stack.control, [capability]: { absent } }, lacking({ [capability]: absent })]) {
      const { outcome, records } = await runOne({ ...stack, control }, fault);
      expect(outcome).toMatchObject({ outcome: "failed", why: absent, node: "driver" });
      expect(records.every(({ t }) => t === "failed")).toBe(true);
    }
    expect(await stack.control.inventory.nodes()).toMatchObject([{ state: "running", held: false, starts: 1 }]);
  });

  it("hinders no fault of the other capability", async () => {
    const fault = { kind: "cpu" as const, target: { node: "driver" }, hold_ms: 0, cpu_workers: 1 };
    const control = { ...stack.control, lifecycle: { absent: "nodes may only be observed" } };
    const { outcome, records } = await runOne({ ...stack, control }, fault);
    expect(outcome.outcome).toBe("recovered");
    expect(records.find(({ t }) => t === "planned")).toMatchObject({
      undo: { node: "driver", lift: expect.any(String) as unknown },
    });
  });
});

describe("two drivers", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([
      { name: "driver", kind: "driver", argv: PROGRAMS.plain },
      { name: "driver-2", kind: "driver", argv: PROGRAMS.plain },
    ]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());
  const roleOf = async (target: FaultTarget) => {
    const { outcome, records, events } = await runOne(stack, { kind: "pause", target, hold_ms: 0 });
    const [history] = FaultHistories.of(records).faults.slice(-1);
    const text = events.find(({ type }) => type === "injecting")?.text;
    return [outcome.outcome, history?.node, history?.role, text];
  };

  it.each([
    [{ role: "active-driver" }, "driver", "active", "pause driver (active driver)"],
    [{ node: "driver" }, "driver", "active", "pause driver (active)"],
    [{ node: "driver-2" }, "driver-2", "standby", "pause driver-2 (standby)"],
  ] as const)("the journal says which one was struck: %j", async (target, node, role, text) => {
    rmSync(stack.journalFile, { force: true });
    expect(await roleOf(target)).toEqual(["recovered", node, role, text]);
  });
});
