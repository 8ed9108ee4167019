import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NodeControl } from "../../contract/node.ts";
import { PROGRAMS, runOne, startTestStack, type TestStack, unheld } from "../fixture/stack.ts";
import { statusOf } from "../nodes/node-status.ts";

describe("restart", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([{ name: "kafka-1", kind: "kafka", argv: PROGRAMS.plain }]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("gives the node another process, with nothing held; its undo is a release, which starts it where nobody else does", async () => {
    const before = await statusOf(stack.control, "kafka-1");
    const { outcome, records } = await runOne(stack, { kind: "restart", target: { role: "controller" }, hold_ms: 0 });
    expect(outcome).toMatchObject({ outcome: "recovered", node: "kafka-1" });
    expect(records.map(({ t }) => t)).toEqual(["planned", "active", "healed", "recovered"]);
    expect(records[0]).toMatchObject({ node: "kafka-1", undo: { release: `${basename(stack.directory)}-1` } });
    const after = await statusOf(stack.control, "kafka-1");
    expect(after).toMatchObject({ state: "running", held: false, starts: 2 });
    expect(after?.life).toBeDefined();
    expect(after?.life).not.toBe(before?.life);
  });

  it("starts a node that nobody else starts, as a container that was stopped through its engine's API", async () => {
    const { control, lifecycle } = stack;
    // It stays down when it is struck, under the tag by which the release will start it again.
    const tag = `${basename(stack.directory)}-1`;
    const container: NodeControl = {
      ...unheld(control),
      lifecycle: {
        ...lifecycle,
        strike: async (...blow) => {
          await lifecycle.hold("kafka-1", tag, Date.now() + 60_000);
          return lifecycle.strike(...blow);
        },
      },
    };
    const before = await statusOf(control, "kafka-1");
    const { outcome } = await runOne(
      { ...stack, control: container },
      { kind: "restart", target: { node: "kafka-1" }, hold_ms: 0 },
    );
    expect(outcome).toMatchObject({ outcome: "recovered", node: "kafka-1" });
    expect((await statusOf(control, "kafka-1"))?.starts).toBe((before?.starts ?? 0) + 1);
  });

  it("fails when nobody holds the role", async () => {
    const { outcome } = await runOne(stack, { kind: "restart", target: { role: "leader", partition: 3 }, hold_ms: 0 });
    expect(outcome).toMatchObject({ outcome: "failed", why: "nobody is leader of partition 3 now" });
  });
});
