import { expect, it } from "vitest";
import { systemClock } from "../../machine/clock.ts";
import { startServers } from "../fixture/failover-stack.ts";
import { runOne } from "../fixture/stack.ts";

const FAULT = { kind: "failover", target: { role: "primary" }, hold_ms: 100 } as const;

it("promotes the standby after an orderly end, and the former primary follows", async () => {
  await using stack = await startServers();
  const { outcome, records } = await runOne(stack, FAULT, async () => {
    expect((await stack.lifecycle.lifeOf("db-1", "node")) === undefined).toBe(true);
  });
  expect(outcome).toMatchObject({ outcome: "recovered", node: "db-1" });
  expect(records).toMatchObject([
    { t: "planned", node: "db-1", node_kind: "postgres", undo: { node: "db-1", failover: true } },
    {
      t: "active",
      effective: true,
      proof:
        "db-1 has shut down in order, and db-2 has replayed all of it; db-2 takes writes, timeline 1 → 2; no offset was lost",
    },
    { t: "healed", proof: expect.stringContaining("db-2 takes writes, db-1 follows") },
    { t: "recovered" },
  ]);
  expect(stack.servers.calls).toEqual(["shut down", "promote", "restore"]);
  expect(await stack.lifecycle.holds()).toEqual([]);
});

it("promotes no standby that has not replayed all", async () => {
  await using stack = await startServers();
  stack.servers.replaysAll = false;
  const clock = { now: () => Date.now(), monotonic: fast(), sleep: async () => systemClock.sleep(5) };
  const { outcome } = await runOne(stack, FAULT, undefined, clock);
  expect(outcome).toMatchObject({
    outcome: "failed",
    why: expect.stringContaining("db-2 has not replayed all that db-1 committed"),
  });
  expect(stack.servers.primary).toBe("db-1");
  expect(stack.servers.calls).toEqual(["shut down", "restore"]);
});

it("has no effect if the standby is not promoted, or if offsets are gone", async () => {
  await using stack = await startServers();
  stack.servers.promotes = false;
  expect((await runOne(stack, FAULT)).outcome).toMatchObject({ outcome: "ineffective" });
  await using other = await startServers();
  other.servers.offsets.set("db-2", 99);
  const { outcome, records } = await runOne(other, FAULT);
  expect(outcome).toMatchObject({ outcome: "ineffective" });
  expect(records).toContainEqual(
    expect.objectContaining({ t: "active", proof: expect.stringContaining("1 offsets of 1 partition were lost") }),
  );
});

it("strikes the primary only, and only if its standby follows", async () => {
  await using stack = await startServers();
  const standby = await runOne(stack, { ...FAULT, target: { node: "db-2" } });
  expect(standby.outcome).toMatchObject({
    outcome: "failed",
    why: "db-2 is the standby of db-1: failover strikes the primary",
  });
  await using other = await startServers();
  other.servers.isReceiving = false;
  expect((await runOne(other, FAULT)).outcome).toMatchObject({ why: "db-2 does not follow db-1" });
});

/** A clock that runs out soon. */
function fast(): () => number {
  let ms = 0;
  return () => (ms += 200);
}
