import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Condition, CONDITION_KINDS, type ConditionKind, type Life } from "../../contract/node.ts";
import {
  fastClock,
  type OneFault,
  PROGRAMS,
  runOne,
  serverNode,
  startTestStack,
  type TestStack,
  withConditions,
} from "../fixture/stack.ts";

const PARAMETERS: Record<ConditionKind, Partial<OneFault>> = {
  disconnect: {},
  isolate: {},
  delay: { delay_ms: 60, jitter_ms: 10 },
  cpu: { cpu_workers: 1 },
  memory: { memory_mib: 64 },
};

describe("every condition", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([
      serverNode("kafka-1", "kafka"),
      { name: "driver", kind: "driver", argv: PROGRAMS.plain },
    ]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it.each(CONDITION_KINDS)("%s does not count when imposing it changed nothing, listed or not", async (kind) => {
    const imposed: Condition[] = [];
    let listed: string | undefined;
    const control = withConditions(stack, {
      impose: async (_name, tag, what) => {
        imposed.push(what);
        listed = tag;
      },
      lift: async () => void (listed = undefined),
      list: async () => (listed === undefined ? [] : [{ node: "kafka-1", tag: listed, kind }]),
    });
    const fault = { ...PARAMETERS[kind], kind, target: { node: "kafka-1" }, hold_ms: 60_000 };
    const { outcome, records } = await runOne({ ...stack, control }, fault, undefined, fastClock(50));
    expect(imposed).toHaveLength(1);
    expect(outcome.outcome).toBe("ineffective");
    expect(records.slice(-3)).toMatchObject([
      { t: "planned" },
      { t: "active", effective: false, proof: expect.stringMatching(/^not within \d+ ms: .*\d/) as unknown },
      { t: "healed" },
    ]);
  });

  it("does not take a node that happens not to answer for a cut that is not there", async () => {
    let imposed = false;
    const control = withConditions(stack, {
      impose: async () => void (imposed = true),
      lift: async () => void (imposed = false),
      measure: async () => (imposed ? null : 1),
    });
    const { outcome, records } = await runOne(
      { ...stack, control },
      { kind: "isolate", target: { node: "kafka-1" }, hold_ms: 0 },
      undefined,
      fastClock(50),
    );
    expect(outcome.outcome).toBe("ineffective");
    expect(records.findLast(({ t }) => t === "active")).toMatchObject({
      proof: expect.stringContaining("not listed among the conditions on kafka-1") as unknown,
    });
  });

  it("fails, with the reason and nothing planned, where it can't be done", async () => {
    const isolated = await runOne(stack, { kind: "isolate", target: { node: "driver" }, hold_ms: 0 });
    expect(isolated.outcome).toMatchObject({ outcome: "failed", why: "driver has no address that clients connect to" });
    expect(isolated.records.at(-1)?.t).toBe("failed");
    expect(isolated.records.at(-2)?.t).not.toBe("planned");
    const executor = await runOne(stack, {
      kind: "cpu",
      cpu_workers: 1,
      target: { executor_of: "driver" },
      hold_ms: 0,
    });
    expect(executor.outcome).toMatchObject({
      outcome: "failed",
      why: "cpu strikes nodes; the executors of driver are processes in one",
    });
  });

  it("says when it ended before its time", async () => {
    const fault = { kind: "isolate" as const, target: { node: "kafka-1" }, hold_ms: 300 };
    const { outcome, records } = await runOne(stack, fault, async () => {
      for (const { node, tag } of await stack.conditions.list()) await stack.conditions.lift(node, tag);
    });
    expect(outcome.outcome).toBe("recovered");
    expect(records.findLast(({ t }) => t === "healed")).toMatchObject({
      proof: expect.stringMatching(/^isolate had ended by itself before; no condition/) as unknown,
    });
  });

  it("is an error when it can't be taken off, and says what to do", async () => {
    const control = withConditions(stack, { lift: () => Promise.reject(new Error("the engine is gone")) });
    await expect(
      runOne(
        { ...stack, control },
        { kind: "isolate", target: { node: "kafka-1" }, hold_ms: 0 },
        undefined,
        fastClock(50),
      ),
    ).rejects.toMatchObject({
      code: "FL_HEAL_FAILED",
      message: expect.stringMatching(
        /^kafka-1: the condition \S+-1 could not be taken off within 30 s: the engine is gone$/,
      ) as unknown,
      remedy: expect.stringContaining("./faultline heal") as unknown,
    });
    for (const { node, tag } of await stack.conditions.list()) await stack.conditions.lift(node, tag);
  });

  it("that a node died of ends as well, and leaves its recovery to be told", async () => {
    const { lifecycle } = stack;
    const fault = { kind: "isolate" as const, target: { node: "kafka-1" }, hold_ms: 0 };
    const { outcome, records } = await runOne(
      stack,
      fault,
      async () => {
        await lifecycle.hold("kafka-1", "other-1", Date.now() + 60_000);
        await lifecycle.strike((await lifecycle.lifeOf("kafka-1", "node")) as Life, "kill", false);
      },
      fastClock(50),
    );
    expect(records.findLast(({ t }) => t === "healed")).toMatchObject({
      proof: expect.stringMatching(/any more; kafka-1 is down$/) as unknown,
    });
    expect(outcome.outcome).toBe("not-recovered");
    await lifecycle.release("kafka-1", "other-1");
  });
});
