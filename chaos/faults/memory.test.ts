import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fastClock, PROGRAMS, runOne, startTestStack, type TestStack, withConditions } from "../fixture/stack.ts";

describe("memory", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([{ name: "spark-worker-1", kind: "spark-worker", argv: PROGRAMS.plain }]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  const fault = { kind: "memory" as const, target: { node: "spark-worker-1" }, hold_ms: 200, memory_mib: 64 };

  it("takes memory, and gives it back", async () => {
    const { outcome, records } = await runOne(stack, fault);
    expect(outcome.outcome).toBe("recovered");
    const held = Number(
      /^([\d.]+) MiB held beside spark-worker-1 \(64 MiB asked for\)$/.exec(
        (records[1]?.t === "active" && records[1].proof) || "",
      )?.[1],
    );
    expect(held).toBeGreaterThanOrEqual(0.8 * 64);
    expect(records[2]).toMatchObject({
      proof: expect.stringMatching(/any more; 0\.0 MiB held beside spark-worker-1$/) as unknown,
    });
  });

  it("is ineffective when less is held than was asked for", async () => {
    const control = withConditions(stack, {
      impose: (name, tag, condition, leaseMs) =>
        stack.conditions.impose(
          name,
          tag,
          condition.kind === "memory" ? { kind: "memory", mib: condition.mib / 2 } : condition,
          leaseMs,
        ),
    });
    const { outcome } = await runOne({ ...stack, control }, fault, undefined, fastClock(20));
    expect(outcome.outcome).toBe("ineffective");
    expect(await stack.conditions.list()).toEqual([]);
  });
});
