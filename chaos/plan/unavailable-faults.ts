import { isAbsent } from "../../contract/capability.ts";
import type { NodeControl, NodeStatus } from "../../contract/node.ts";
import { FAILOVER_KINDS, type FailoverKind, type FaultKind } from "../../contract/plan.ts";
import { DEFAULT_FAULT_KINDS } from "./catalog.ts";
import { isCondition } from "./condition-parameters.ts";
import type { PlanNode } from "./target-names.ts";

/**
 * Asks the stack which faults its nodes can't suffer here.
 * @param kinds the faults asked for by name. Undefined: those that a plan draws unasked.
 * @param strikes which nodes may be struck at all; the others are left out. Default: every node.
 * @returns the nodes for a PlanRequest, each with the reasons: of the runtime, of the node, or of the condition on this node.
 */
export async function unavailableFaults(
  control: NodeControl,
  kinds: readonly FaultKind[] = DEFAULT_FAULT_KINDS,
  strikes: (node: NodeStatus) => boolean = () => true,
): Promise<PlanNode[]> {
  const nodes = (await control.inventory.nodes()).filter(strikes);
  return Promise.all(
    nodes.map(async (node) => {
      const reasons = await Promise.all(
        kinds.map(async (kind) => [kind, await whyUnavailable(control, node, kind)] as const),
      );
      return {
        name: node.name,
        kind: node.kind,
        unavailable: Object.fromEntries(reasons.filter(([, why]) => why !== undefined)),
      };
    }),
  );
}

/** @returns why this node can't suffer this fault here, as one sentence, whatever its state. Undefined: it can. */
export async function whyUnavailable(
  { lifecycle, conditions, failover }: NodeControl,
  { name, lacks }: NodeStatus,
  kind: FaultKind,
): Promise<string | undefined> {
  if (isFailover(kind) && isAbsent(failover)) return failover.absent;
  if (!isCondition(kind)) return isAbsent(lifecycle) ? lifecycle.absent : lacks?.lifecycle;
  if (isAbsent(conditions)) return conditions.absent;
  return lacks?.conditions ?? conditions.unavailable(name, kind);
}

function isFailover(kind: FaultKind): kind is FailoverKind {
  return (FAILOVER_KINDS as readonly FaultKind[]).includes(kind);
}
