import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Life, LifeStates } from "../../contract/node.ts";
import { PROGRAMS, runOne, startTestStack, type TestStack } from "../fixture/stack.ts";
import { FAULTS } from "./by-kind.ts";
import { statusOf } from "../nodes/node-status.ts";
import { systemClock } from "../../machine/clock.ts";

describe("pause", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([
      { name: "postgres", kind: "postgres", argv: PROGRAMS.sessions },
      { name: "driver", kind: "driver", argv: PROGRAMS.forking },
      { name: "producer", kind: "producer", argv: PROGRAMS.plain },
    ]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("stops every process, those in other sessions too, and lets the same ones go on", async () => {
    const before = (await stack.lifecycle.lifeOf("postgres", "node")) as Life;
    let during: unknown;
    const { outcome, records } = await runOne(
      stack,
      { kind: "pause", target: { node: "postgres" }, hold_ms: 300 },
      async () => {
        during = await stack.lifecycle.look(before);
      },
    );
    expect(during).toEqual({ running: 0, paused: 4, gone: 0, main: "paused" });
    expect(outcome.outcome).toBe("recovered");
    expect(records[0]).toMatchObject({ undo: { node: "postgres", life: before } });
    expect(records[1]).toMatchObject({
      effective: true,
      proof: expect.stringMatching(/^4 of 4 processes stopped/) as unknown,
    });
    expect(records[2]).toMatchObject({
      t: "healed",
      by: "engine",
      proof: "4 of 4 processes go on; no process of postgres stopped",
    });
    expect(records[0]).not.toHaveProperty("undo.release");
    expect(await stack.lifecycle.lifeOf("postgres", "node")).toEqual(before);
    expect(await stack.lifecycle.look(before)).toEqual({ running: 4, paused: 0, gone: 0, main: "running" });
  });

  it("catches a node that forks all the time", async () => {
    for (let round = 0; round < 5; round++) {
      let during: LifeStates | undefined;
      const { outcome } = await runOne(stack, { kind: "pause", target: { node: "driver" }, hold_ms: 100 }, async () => {
        during = await stack.lifecycle.look((await stack.lifecycle.lifeOf("driver", "node")) as Life);
      });
      expect(outcome.outcome).toBe("recovered");
      expect(during).toMatchObject({ running: 0, gone: 0, main: "paused" });
    }
    expect(await statusOf(stack.control, "driver")).toMatchObject({ state: "running", starts: 1 });
  });

  it("is ineffective for a process that is gone before it strikes", async () => {
    const status = await statusOf(stack.control, "producer");
    const life = (await stack.lifecycle.lifeOf("producer", "node")) as Life;
    await stack.lifecycle.hold("producer", "other-1", Date.now() + 60_000);
    await stack.lifecycle.strike(life, "kill", false);
    const planned = { id: 1, at_ms: 0, kind: "pause" as const, target: { node: "producer" }, hold_ms: 0 };
    const strike = {
      planned,
      tag: "test-1",
      control: stack.control,
      clock: systemClock,
      node: "producer",
      nodeKind: "producer" as const,
      part: "node" as const,
    };
    const late = { ...strike, life, startsBefore: status?.starts ?? 0, atMs: 0 };
    await expect.poll(() => stack.lifecycle.look(life)).toMatchObject({ gone: 1 });
    expect(await FAULTS.pause.probe(late)).toBe("producer is held down already");
    await FAULTS.pause.inject(late);
    expect(await FAULTS.pause.effect(late)).toEqual({
      effective: false,
      proof: expect.stringMatching(/^0 of 1 processes stopped .*, 1 gone$/) as unknown,
    });
    await stack.lifecycle.release("producer", "other-1");
  });
});
