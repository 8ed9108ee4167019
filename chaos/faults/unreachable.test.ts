import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runOne, serverNode, startTestStack, type TestStack } from "../fixture/stack.ts";

describe("a node that is cut off", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([serverNode("kafka-1", "kafka"), serverNode("kafka-2", "kafka")]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it.each(["isolate", "disconnect"] as const)("is alive and unreachable, it alone, and answers again (%s)", async (kind) => {
    const before = await stack.control.processes("kafka-1");
    let during: unknown;
    const { outcome, records: all } = await runOne(stack, { kind, target: { role: "controller" }, hold_ms: 300 }, async () => {
      const { control } = stack;
      during = [
        await control.measure("kafka-1", kind),
        (await control.measure("kafka-2", kind)) !== null,
        await control.processStates(before),
        await control.imposed(),
      ];
    });
    const tag = `${stack.directory.split("/").at(-1)}-1`;
    expect(during).toEqual([null, true, ["running"], [{ node: "kafka-1", tag, kind }]]);
    expect(outcome).toMatchObject({ outcome: "recovered", node: "kafka-1" });
    const records = all.slice(-4);
    expect(records.map(({ t }) => t)).toEqual(["planned", "active", "healed", "recovered"]);
    expect(records[0]).toMatchObject({ undo: { node: "kafka-1", resume: [], release: false, lift: tag } });
    expect(records[1]).toMatchObject({ effective: true, proof: "kafka-1 does not answer" });
    expect(records[2]).toMatchObject({
      by: "engine",
      proof: expect.stringMatching(`^no condition ${tag} on kafka-1 any more; kafka-1 answers after \\d+\\.\\d ms$`) as unknown,
    });
    expect(await stack.control.imposed()).toEqual([]);
    expect(await stack.control.processes("kafka-1")).toEqual(before);
  });
});
