import { isAbsent } from "../contract/capability.ts";
import { type NodeControl, type NodeStatus, ROLE_KINDS } from "../contract/node.ts";
import { type PlannedFault, roleText } from "../contract/plan.ts";
import { seconds } from "./chaos-event.ts";
import type { FaultContext } from "./fault-context.ts";
import { faultTag } from "./fault-tag.ts";
import type { Strike } from "./faults/fault.ts";
import { statusOf, waitReady } from "./nodes/node-status.ts";

/**
 * Turns a planned fault into a strike: waits until the node (for Kafka: every broker) is ready, resolves the role, and looks which life the node has.
 * @returns the strike, or why there can't be one now.
 */
export async function openStrike(context: FaultContext, id: number, planned: PlannedFault): Promise<Strike | string> {
  const { control, clock, signal, journalFile } = context;
  const { target } = planned;
  const nodes = await control.inventory.nodes();
  const named = "node" in target ? target.node : "executor_of" in target ? target.executor_of : undefined;
  const kind = "role" in target ? ROLE_KINDS[target.role] : nodes.find(({ name }) => name === named)?.kind;
  if (kind === undefined) return `there is no node ${named}`;

  // A node still down from before would make this fault prove nothing. All brokers, since one that has not caught up and another
  // that is struck are below min.insync.replicas together.
  const needed = nodes
    .filter((node) => (kind === "kafka" ? node.kind === "kafka" : node.name === named))
    .map(({ name }) => name);
  if (!(await waitReady(context, needed, undefined))) {
    return signal.aborted
      ? "the run was ended"
      : `${needed.join(", ")}: not all ready within ${seconds(context.recoveryTimeoutMs)} s`;
  }
  const node = "role" in target ? await control.inventory.holderOf(target) : named;
  if (node === undefined) return `nobody is ${"role" in target ? roleText(target) : "there"} now`;

  const status = await statusOf(control, node);
  if (status === undefined) return `there is no node ${node}`;
  const role = await driverRole(control, status, nodes);
  const part = "executor_of" in target ? "executor" : "node";
  const struck = !isAbsent(control.lifecycle) && status.lacks?.lifecycle === undefined;
  const life = struck ? await control.lifecycle.lifeOf(node, part) : undefined;
  return {
    control,
    clock,
    planned,
    tag: faultTag(journalFile, id),
    node,
    nodeKind: status.kind,
    ...(role !== undefined && { role }),
    part,
    ...(life !== undefined && { life }),
    startsBefore: status.starts,
    atMs: clock.now(),
    signal,
  };
}

/** A driver that is ready and not the active one stands by. Undefined: it has no other driver beside it, or nobody is active. */
async function driverRole(
  { inventory }: NodeControl,
  { name, kind }: NodeStatus,
  nodes: readonly NodeStatus[],
): Promise<"active" | "standby" | undefined> {
  if (kind !== "driver" || nodes.filter((node) => node.kind === "driver").length < 2) return undefined;
  const active = await inventory.holderOf({ role: "active-driver" });
  if (active === undefined) return undefined;
  return active === name ? "active" : "standby";
}
