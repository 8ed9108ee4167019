import { type Recovery, waitReady } from "./nodes/node-status.ts";

/**
 * Waits until every driver is ready, in a stack that has several: else a plan of single faults would strike the active one while no other stands by,
 * which is two faults at a time. Bounded by the recovery timeout.
 * @param sinceMs see Inventory.ready. @returns what was still missing, as phrases; empty: nothing.
 */
export async function waitForStandby(recovery: Recovery, sinceMs: number): Promise<string[]> {
  const nodes = await recovery.control.inventory.nodes().catch(() => []);
  const drivers = nodes.flatMap(({ name, kind }) => (kind === "driver" ? [name] : []));
  if (drivers.length < 2 || (await waitReady(recovery, drivers, sinceMs))) return [];
  return [`no driver stands by: ${drivers.join(" and ")} are not both ready`];
}
