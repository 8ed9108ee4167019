import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAMS, runOne, startTestStack, type TestStack } from "../fixture/stack.ts";
import { sameProcess } from "../process-identity.ts";
import { statusOf } from "../strike.ts";

describe("kill", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([
      { name: "postgres", kind: "postgres", argv: PROGRAMS.sessions },
      { name: "worker", kind: "spark-worker", argv: PROGRAMS.worker },
      { name: "childless", kind: "spark-worker", argv: PROGRAMS.plain },
    ]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("ends every process of a node, keeps it down for the hold time, and gets it started again", async () => {
    const before = await stack.control.processes("postgres");
    expect(before).toHaveLength(4);
    const during: unknown[] = [];
    const { outcome, records } = await runOne(stack, { kind: "kill", target: { node: "postgres" }, hold_ms: 300 }, async () => {
      during.push(await stack.control.processStates(before), await statusOf(stack.control, "postgres"));
    });
    expect(during).toMatchObject([["gone", "gone", "gone", "gone"], { state: "down", held: true }]);
    expect(outcome.outcome).toBe("recovered");
    expect(records.map(({ t }) => t)).toEqual(["planned", "active", "healed", "recovered"]);
    expect(records[0]).toMatchObject({ node: "postgres", node_kind: "postgres", undo: { node: "postgres", resume: [], release: true } });
    expect(records[1]).toMatchObject({ effective: true, proof: expect.stringMatching(/^4 processes gone after \d+ ms .*postgres is down/) as unknown });
    expect((records[2]?.t === "healed" && records[2].at_ms) || 0).toBeGreaterThanOrEqual((outcome.injected_ms ?? 0) + 300);
    const after = await statusOf(stack.control, "postgres");
    expect(after).toMatchObject({ state: "running", held: false, starts: 2 });
    expect(sameProcess(after?.process as (typeof before)[0], before[0] as (typeof before)[0])).toBe(false);
  });

  it("ends only the executor of a worker, holds nothing, and waits for another executor", async () => {
    const [worker, executor] = await stack.control.processes("worker");
    const { outcome, records } = await runOne(stack, { kind: "kill", target: { executor_of: "worker" }, hold_ms: 0 });
    expect(outcome).toMatchObject({ outcome: "recovered", node: "worker" });
    const planned = records.find((record) => "node" in record && record.node === "worker");
    expect(planned).toMatchObject({ t: "planned", undo: { resume: [], release: false } });
    expect(await stack.control.processStates([worker, executor] as never)).toEqual(["running", "gone"]);
    expect(await stack.control.processes("worker", "executor")).toHaveLength(1);
  });

  it("fails, and does nothing, when there is no executor to kill or no such node", async () => {
    expect((await runOne(stack, { kind: "kill", target: { executor_of: "childless" }, hold_ms: 0 })).outcome).toMatchObject({
      outcome: "failed",
      why: "childless has no executor",
    });
    const { outcome, records } = await runOne(stack, { kind: "kill", target: { node: "kafka-9" }, hold_ms: 0 });
    expect(outcome).toMatchObject({ outcome: "failed", why: "there is no node kafka-9" });
    expect(records.at(-1)).toMatchObject({ t: "failed", why: "there is no node kafka-9" });
  });
});
