import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Life } from "../../contract/node.ts";
import { runOne, serverNode, startTestStack, type TestStack } from "../fixture/stack.ts";

describe("a node that is cut off", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack([serverNode("kafka-1", "kafka"), serverNode("kafka-2", "kafka")]);
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it.each(["isolate", "disconnect"] as const)(
    "is alive and unreachable, it alone, and answers again (%s)",
    async (kind) => {
      const before = (await stack.lifecycle.lifeOf("kafka-1", "node")) as Life;
      let during: unknown;
      const { outcome, records: all } = await runOne(
        stack,
        { kind, target: { role: "controller" }, hold_ms: 300 },
        async () => {
          const { conditions, lifecycle } = stack;
          during = [
            await conditions.measure("kafka-1", kind),
            (await conditions.measure("kafka-2", kind)) !== null,
            await lifecycle.look(before),
            await conditions.list(),
          ];
        },
      );
      const tag = `${stack.directory.split("/").at(-1)}-1`;
      expect(during).toEqual([
        null,
        true,
        { running: 1, paused: 0, gone: 0, main: "running" },
        [{ node: "kafka-1", tag, kind }],
      ]);
      expect(outcome).toMatchObject({ outcome: "recovered", node: "kafka-1" });
      const records = all.slice(-4);
      expect(records.map(({ t }) => t)).toEqual(["planned", "active", "healed", "recovered"]);
      expect(records[0]).toMatchObject({ undo: { node: "kafka-1", lift: tag } });
      expect(records[1]).toMatchObject({ effective: true, proof: "kafka-1 does not answer" });
      expect(records[2]).toMatchObject({
        by: "engine",
        proof: expect.stringMatching(
          `^no condition ${tag} on kafka-1 any more; kafka-1 answers after \\d+\\.\\d ms$`,
        ) as unknown,
      });
      expect(await stack.conditions.list()).toEqual([]);
      expect(await stack.lifecycle.lifeOf("kafka-1", "node")).toEqual(before);
    },
  );
});
