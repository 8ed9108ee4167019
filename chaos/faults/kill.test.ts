import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Hold, Life } from "../../contract/node.ts";
import { PROGRAMS, runOne, serverNode, startTestStack, type TestStack } from "../fixture/stack.ts";
import { HEAL_LEASE_MS, STRIKE_LEASE_MS } from "./fault.ts";
import { statusOf } from "../nodes/node-status.ts";

describe("kill", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([
      { name: "postgres", kind: "postgres", argv: PROGRAMS.sessions },
      { name: "worker", kind: "spark-worker", argv: PROGRAMS.worker },
      serverNode("kafka-1", "kafka"),
      { name: "childless", kind: "spark-worker", argv: PROGRAMS.plain },
    ]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it("ends every process of a node, keeps it down for the hold time, and gets it started again", async () => {
    const before = (await stack.lifecycle.lifeOf("postgres", "node")) as Life;
    expect(before.members).toHaveLength(4);
    const during: unknown[] = [];
    const held: Hold[] = [];
    const startMs = Date.now();
    const { outcome, records } = await runOne(
      stack,
      { kind: "kill", target: { node: "postgres" }, hold_ms: 300 },
      async () => {
        during.push(await stack.lifecycle.look(before), await statusOf(stack.control, "postgres"));
        held.push(...(await stack.lifecycle.holds()));
      },
    );
    expect(during).toMatchObject([
      { running: 0, paused: 0, gone: 4, main: "gone" },
      { state: "down", held: true },
    ]);
    expect(outcome.outcome).toBe("recovered");
    // The hold ends by itself, but not before an engine and a watchdog in good health are done.
    expect(held).toMatchObject([{ node: "postgres", tag: `${basename(stack.directory)}-1` }]);
    expect(held[0]?.until_ms).toBeGreaterThan(startMs + 300 + STRIKE_LEASE_MS + HEAL_LEASE_MS);
    expect(records.map(({ t }) => t)).toEqual(["planned", "active", "healed", "recovered"]);
    expect(records[0]).toMatchObject({
      node: "postgres",
      node_kind: "postgres",
      undo: { node: "postgres", life: before, release: `${basename(stack.directory)}-1` },
    });
    expect(records[1]).toMatchObject({
      effective: true,
      proof: expect.stringMatching(/^4 processes gone after \d+ ms .*postgres is down/) as unknown,
    });
    expect((records[2]?.t === "healed" && records[2].at_ms) || 0).toBeGreaterThanOrEqual(
      (outcome.injected_ms ?? 0) + 300,
    );
    const after = await statusOf(stack.control, "postgres");
    expect(after).toMatchObject({ state: "running", held: false, starts: 2 });
    expect(after?.life).toBeDefined();
    expect(after?.life).not.toBe(before.id);
    expect(await stack.lifecycle.holds()).toEqual([]);
  });

  it("says what the dead node's ports answer", async () => {
    const { records } = await runOne(stack, { kind: "kill", target: { node: "kafka-1" }, hold_ms: 0 });
    expect(records.findLast(({ t }) => t === "active")).toMatchObject({
      proof: expect.stringMatching(/; kafka-1 is down; client 127\.0\.0\.1:\d+ refuses$/) as unknown,
    });
  });

  it("ends only the executor of a worker, holds nothing, and waits for another executor", async () => {
    const both = (await stack.lifecycle.lifeOf("worker", "node")) as Life;
    const executor = (await stack.lifecycle.lifeOf("worker", "executor")) as Life;
    const { outcome, records } = await runOne(stack, { kind: "kill", target: { executor_of: "worker" }, hold_ms: 0 });
    expect(outcome).toMatchObject({ outcome: "recovered", node: "worker" });
    const planned = records.find((record) => "node" in record && record.node === "worker");
    expect(planned).toMatchObject({ t: "planned", undo: { node: "worker", life: executor } });
    expect(planned).not.toHaveProperty("undo.release");
    expect(await stack.lifecycle.look(both)).toEqual({ running: 1, paused: 0, gone: 1, main: "running" });
    expect((await stack.lifecycle.lifeOf("worker", "executor"))?.members).toHaveLength(1);
  });

  it("fails, and does nothing, when there is no executor to kill or no such node", async () => {
    expect(
      (await runOne(stack, { kind: "kill", target: { executor_of: "childless" }, hold_ms: 0 })).outcome,
    ).toMatchObject({
      outcome: "failed",
      why: "childless has no executor",
    });
    const { outcome, records } = await runOne(stack, { kind: "kill", target: { node: "kafka-9" }, hold_ms: 0 });
    expect(outcome).toMatchObject({ outcome: "failed", why: "there is no node kafka-9" });
    expect(records.at(-1)).toMatchObject({ t: "failed", why: "there is no node kafka-9" });
  });
});
