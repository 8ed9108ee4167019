import type { NodeControl } from "../contract/node.ts";
import { type Recovery, waitReady } from "./nodes/node-status.ts";

/** The drivers of which one must stand by: none in a stack that has only one. */
export async function driversOfPair({ inventory }: NodeControl): Promise<string[]> {
  const drivers = (await inventory.nodes()).flatMap(({ name, kind }) => (kind === "driver" ? [name] : []));
  return drivers.length < 2 ? [] : drivers;
}

/**
 * Waits until all these drivers are ready: else a plan of single faults would strike the active one while no other stands by, which is two faults at
 * a time. Bounded by the recovery timeout.
 * @param sinceMs see Inventory.ready. @returns undefined when all are; else what is missing, as a phrase.
 */
export async function waitForStandby(
  recovery: Recovery,
  drivers: string[],
  sinceMs: number,
): Promise<string | undefined> {
  if (drivers.length === 0 || (await waitReady(recovery, drivers, sinceMs))) return undefined;
  return `of ${drivers.join(", ")} not all are ready`;
}
