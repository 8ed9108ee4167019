import { statusOf } from "../nodes/node-status.ts";
import { whyUnavailable } from "../plan/unavailable-faults.ts";
import type { Strike } from "./fault.ts";

/**
 * The part of a probe that all faults share: the fault can be done here, and the node runs and is not held down.
 * @returns why not, or undefined.
 */
export async function whyNotNow({ control, node, planned }: Strike): Promise<string | undefined> {
  const status = await statusOf(control, node);
  if (status === undefined) return `there is no node ${node}`;
  const unavailable = await whyUnavailable(control, status, planned.kind);
  if (unavailable !== undefined) return unavailable;
  if (status.held === true) return `${node} is held down already`;
  return status.state === "running" ? undefined : `${node} is ${status.state}`;
}

/** The part of a probe for faults that strike processes. @returns that there are none, or undefined. */
export function whyNothingToStrike({ node, part, life }: Strike): string | undefined {
  if (life !== undefined) return undefined;
  return part === "executor" ? `${node} has no executor` : `${node} has no process`;
}
