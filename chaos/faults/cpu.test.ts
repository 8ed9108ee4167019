import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fastClock, PROGRAMS, runOne, startTestStack, type TestStack, withConditions } from "../fixture/stack.ts";

describe("cpu", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([{ name: "driver", kind: "driver", argv: PROGRAMS.plain }]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  const fault = { kind: "cpu" as const, target: { node: "driver" }, hold_ms: 200, cpu_workers: 2 };

  it("takes cores, and gives them back", async () => {
    let during: unknown;
    const { outcome, records } = await runOne(stack, fault, async () => {
      during = await stack.conditions.list();
    });
    expect(outcome.outcome).toBe("recovered");
    expect(during).toMatchObject([{ node: "driver", kind: "cpu" }]);
    expect(records[1]).toMatchObject({
      effective: true,
      proof: expect.stringMatching(
        /^2 computing beside driver take \d\.\d\d and \d\.\d\d cores \(0\.20 at least\)$/,
      ) as unknown,
    });
    expect(records[2]).toMatchObject({
      proof: expect.stringMatching(
        /no condition .* on driver any more; workers beside driver take 0\.00 cores$/,
      ) as unknown,
    });
    expect(await stack.conditions.measure("driver", "cpu")).toBe(0);
  });

  it("is ineffective when its workers only used what it takes to start", async () => {
    let asked = 0;
    const control = withConditions(stack, { measure: () => Promise.resolve(asked++ === 0 ? 0.6 : 0) });
    const { outcome, records } = await runOne({ ...stack, control }, fault, undefined, fastClock(100));
    expect(outcome.outcome).toBe("ineffective");
    expect(records.findLast(({ t }) => t === "active")).toMatchObject({
      proof: expect.stringContaining("0.00 and 0.00 cores") as unknown,
    });
  });

  it("is not healed while its workers still compute", async () => {
    let pass: (() => Promise<void>) | undefined;
    // The listing lost them: only the measurement can tell.
    const control = withConditions(stack, {
      lift: (name, tag) => {
        pass = () => stack.conditions.lift(name, tag);
        return Promise.resolve();
      },
      list: async () => (pass === undefined ? stack.conditions.list() : []),
    });
    await expect(runOne({ ...stack, control }, fault, undefined, fastClock(20))).rejects.toMatchObject({
      code: "FL_HEAL_FAILED",
      message: expect.stringMatching(
        /driver: cpu was taken off, but after 45 s: workers beside driver take \d\.\d\d cores/,
      ) as unknown,
    });
    await pass?.();
  });
});
