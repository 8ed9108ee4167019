import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAMS, runOne, startTestStack, type TestStack } from "../fixture/stack.ts";
import { FAULTS } from "./by-kind.ts";
import { statusOf } from "../strike.ts";
import { systemClock } from "../clock.ts";

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
    const before = await stack.control.processes("postgres");
    let during: unknown;
    const { outcome, records } = await runOne(stack, { kind: "pause", target: { node: "postgres" }, hold_ms: 300 }, async () => {
      during = await stack.control.processStates(before);
    });
    expect(during).toEqual(["stopped", "stopped", "stopped", "stopped"]);
    expect(outcome.outcome).toBe("recovered");
    expect(records[0]).toMatchObject({ undo: { node: "postgres", resume: before, release: false } });
    expect(records[1]).toMatchObject({ effective: true, proof: expect.stringMatching(/^4 of 4 processes stopped/) as unknown });
    expect(records[2]).toMatchObject({ t: "healed", by: "engine", proof: "4 of 4 processes go on; no process of postgres stopped" });
    expect(await stack.control.processes("postgres")).toEqual(before);
    expect(await stack.control.processStates(before)).toEqual(["running", "running", "running", "running"]);
  });

  it("catches a node that forks all the time", async () => {
    for (let round = 0; round < 5; round++) {
      let during: string[] = [];
      const { outcome } = await runOne(stack, { kind: "pause", target: { node: "driver" }, hold_ms: 100 }, async () => {
        during = await stack.control.processStates(await stack.control.processes("driver"));
      });
      expect(outcome.outcome).toBe("recovered");
      expect(new Set(during)).toEqual(new Set(["stopped"]));
    }
    expect(await statusOf(stack.control, "driver")).toMatchObject({ state: "running", starts: 1 });
  });

  it("is ineffective for a process that is gone before it strikes", async () => {
    const status = await statusOf(stack.control, "producer");
    const processes = await stack.control.processes("producer");
    await stack.control.hold("producer");
    await stack.control.signal(processes, "SIGKILL");
    const planned = { id: 1, at_ms: 0, kind: "pause" as const, target: { node: "producer" }, hold_ms: 0 };
    const strike = {
      planned,
      tag: "test-1",
      control: stack.control,
      clock: systemClock,
      node: "producer",
      nodeKind: "producer" as const,
      selector: "node" as const,
    };
    const late = { ...strike, processes, startsBefore: status?.starts ?? 0, atMs: 0 };
    await expect.poll(() => stack.control.processStates(processes)).toEqual(["gone"]);
    expect(await FAULTS.pause.probe(late)).toBe("producer is held down already");
    await FAULTS.pause.inject(late);
    expect(await FAULTS.pause.effect(late)).toEqual({ effective: false, proof: expect.stringMatching(/^0 of 1 processes stopped .*, 1 gone$/) as unknown });
    await stack.control.release("producer");
  });
});
