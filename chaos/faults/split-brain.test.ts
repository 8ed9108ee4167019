import { expect, it } from "vitest";
import { startServers } from "../fixture/failover-stack.ts";
import { runOne } from "../fixture/stack.ts";

const FAULT = { kind: "split-brain", target: { role: "primary" }, hold_ms: 100 } as const;

it("promotes the standby beside the primary, and says what only the primary had", async () => {
  await using stack = await startServers();
  const { outcome, records } = await runOne(stack, FAULT, async () => {
    expect(await stack.lifecycle.lifeOf("db-1", "node")).toBeDefined();
    stack.servers.commit(7);
  });
  expect(outcome).toMatchObject({ outcome: "recovered", node: "db-1" });
  expect(records).toMatchObject([
    { t: "planned", undo: { node: "db-1", failover: true } },
    { t: "active", effective: true, proof: "db-2 takes writes, timeline 1 → 2; db-1 takes writes, too" },
    {
      t: "healed",
      proof: expect.stringMatching(
        /^7 offsets of 1 partition were lost with their commits; .*db-2 takes writes, db-1 follows$/,
      ),
    },
    { t: "recovered" },
  ]);
});

it("has no effect if the standby is not promoted", async () => {
  await using stack = await startServers();
  stack.servers.promotes = false;
  const { outcome, records } = await runOne(stack, FAULT);
  expect(outcome).toMatchObject({ outcome: "ineffective" });
  expect(records).toContainEqual(
    expect.objectContaining({ proof: "db-2 does not take writes; db-1 takes writes, too" }),
  );
});
