import { expect, it } from "vitest";
import { startServers } from "../fixture/failover-stack.ts";
import { runOne } from "../fixture/stack.ts";
import { systemClock } from "../../machine/clock.ts";

const FAULT = { kind: "failover-lossy", target: { role: "primary" }, hold_ms: 100, detached_ms: 50 } as const;

/** Commits while the standby gets nothing. */
const committing = (commit: () => void) => ({
  ...systemClock,
  sleep: async (ms: number, signal?: AbortSignal) => {
    if (ms === FAULT.detached_ms) commit();
    return systemClock.sleep(ms, signal);
  },
});

it("loses what was committed while the standby got nothing", async () => {
  await using stack = await startServers();
  const { outcome, records } = await runOne(
    stack,
    FAULT,
    undefined,
    committing(() => stack.servers.commit(1_234)),
  );
  expect(outcome).toMatchObject({ outcome: "recovered", node: "db-1" });
  expect(records).toContainEqual(
    expect.objectContaining({
      t: "active",
      effective: true,
      proof:
        "db-1 was killed after 0.05 s in which db-2 got nothing; db-2 takes writes, timeline 1 → 2; 1,234 offsets of 1 partition were lost with their commits",
    }),
  );
  expect(stack.servers.calls).toEqual(["detach", "promote", "restore"]);
  expect(stack.servers.isReceiving).toBe(true);
});

it("has an effect although nothing was lost, if commits waited for the standby", async () => {
  await using stack = await startServers();
  stack.servers.isSynchronous = true;
  const { outcome, records } = await runOne(stack, FAULT);
  expect(outcome).toMatchObject({ outcome: "recovered" });
  expect(records).toContainEqual(
    expect.objectContaining({
      proof:
        "db-1 was killed after 0.05 s in which db-2 got nothing, and commits waited for it; db-2 takes writes, timeline 1 → 2; no offset was lost",
    }),
  );
});

it("has no effect if nothing was lost", async () => {
  await using stack = await startServers();
  const { outcome, records } = await runOne(stack, FAULT);
  expect(outcome).toMatchObject({ outcome: "ineffective" });
  expect(records).toContainEqual(expect.objectContaining({ proof: expect.stringContaining("no offset was lost") }));
  expect(stack.servers.calls.at(-1)).toBe("restore");
});
