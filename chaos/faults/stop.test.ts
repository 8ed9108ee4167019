import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fastClock, PROGRAMS, runOne, startTestStack, type TestStack } from "../fixture/stack.ts";
import { statusOf } from "../nodes/node-status.ts";

describe("stop", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([
      { name: "postgres", kind: "postgres", argv: PROGRAMS.sessions },
      { name: "driver", kind: "driver", argv: PROGRAMS.stubborn },
    ]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("terminates every process, holds the node down, and gets it started again", async () => {
    let during: unknown;
    const { outcome, records } = await runOne(
      stack,
      { kind: "stop", target: { node: "postgres" }, hold_ms: 200 },
      async () => {
        during = await statusOf(stack.control, "postgres");
      },
    );
    expect(during).toMatchObject({ state: "down", held: true });
    expect(outcome.outcome).toBe("recovered");
    expect(records[0]).toMatchObject({ undo: { release: `${basename(stack.directory)}-1` } });
    expect(await statusOf(stack.control, "postgres")).toMatchObject({ state: "running", held: false, starts: 2 });
  });

  it("is ineffective, and undone, when the node does not obey", async () => {
    const before = await statusOf(stack.control, "driver");
    const { outcome, records } = await runOne(
      stack,
      { kind: "stop", target: { node: "driver" }, hold_ms: 5000 },
      undefined,
      fastClock(10),
    );
    expect(outcome.outcome).toBe("ineffective");
    expect(records.slice(-3)).toMatchObject([
      { t: "planned" },
      { t: "active", effective: false, proof: expect.stringMatching(/still there after \d+ ms/) as unknown },
      { t: "healed", proof: "driver runs" },
    ]);
    expect(await statusOf(stack.control, "driver")).toMatchObject({
      state: "running",
      held: false,
      starts: 1,
      life: before?.life,
    });
  });
});
