import type { NodeControl, NodeStatus } from "../../contract/node.ts";
import { type Clock, poll } from "../../machine/clock.ts";

/** A protocol that does not answer for this long is not ready. */
const READY_TIMEOUT_MS = 10_000;

/** @returns the node as it is now. Undefined: the stack has no such node. */
export async function statusOf({ inventory }: NodeControl, name: string): Promise<NodeStatus | undefined> {
  return (await inventory.nodes()).find((node) => node.name === name);
}

/** How long to wait for nodes, and on which clock. */
export type Recovery = { control: NodeControl; clock: Clock; signal: AbortSignal; recoveryTimeoutMs: number };

/** @returns whether all these nodes answered their protocol within the recovery timeout. @param sinceMs see Inventory.ready. */
export async function waitReady(
  { control, clock, signal, recoveryTimeoutMs }: Recovery,
  nodes: string[],
  sinceMs: number | undefined,
): Promise<boolean> {
  const ready = async (name: string): Promise<boolean> => {
    const late = new Promise<boolean>((resolve) => {
      setTimeout(resolve, READY_TIMEOUT_MS, false).unref();
    });
    return Promise.race([control.inventory.ready(name, sinceMs).catch(() => false), late]);
  };
  const all = await poll(
    clock,
    recoveryTimeoutMs,
    async () => ((await Promise.all(nodes.map(ready))).every(Boolean) ? true : undefined),
    {
      everyMs: 200,
      signal,
    },
  );
  return all === true;
}
