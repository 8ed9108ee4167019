import { FaultlineError } from "../../contract/errors.ts";
import type { NodeKind } from "../../contract/node.ts";
import type { FaultKind, FaultTarget } from "../../contract/plan.ts";
import type { RandomStream } from "../../contract/random.ts";
import { TARGET_KINDS, type TargetKind } from "./catalog.ts";

export type PlanNode = {
  name: string;
  kind: NodeKind;
  /** Why a fault can't be done to this node here, as one sentence. */
  unavailable?: Partial<Record<FaultKind, string>>;
};

/** What a plan knows of a stack. */
export type PlannedStack = { nodes: readonly PlanNode[]; partitions: number };

/** What a target may strike: these nodes, drawn among those that can suffer the fault. */
export type Candidate = {
  label: string;
  kind: TargetKind;
  nodes: readonly PlanNode[];
  draw: (random: RandomStream, able: readonly PlanNode[]) => FaultTarget;
};

/** What was asked for in one word, or not at all (no target named). */
export type Wish = {
  label: string;
  members: Candidate[];
  /** Each member must suffer one of the faults. */
  every: boolean;
};

/** Of the drivers, the one that writes at that moment. */
const ACTIVE_DRIVER = "active-driver";
const GROUPS: Record<string, readonly TargetKind[]> = { spark: ["spark-worker", "executor", "driver"] };

/**
 * @param everyOfGroup each member of a group must suffer one of the faults.
 * @throws FaultlineError FL_PLAN_INVALID for a target that the stack does not have, listing those it has.
 */
export function wishOf(stack: PlannedStack, target: string, everyOfGroup: boolean): Wish {
  const one = (member: Candidate): Wish => ({ label: target, members: [member], every: true });
  const node = stack.nodes.find(({ name }) => name === target);
  // Of several drivers or database servers, the first one has the name of the kind: the kind is meant.
  const isKindOfSeveral = (target === "driver" || target === "postgres") && nodesOf(stack, target).length > 1;
  if (node !== undefined && target !== "executor" && !isKindOfSeveral)
    return one({ label: target, kind: node.kind, nodes: [node], draw: () => ({ node: target }) });
  if (hasKind(stack, "kafka")) {
    const brokers = { label: target, kind: "kafka" as const, nodes: nodesOf(stack, "kafka") };
    const leader = /^leader:(\d+)$/.exec(target);
    const partition = Number(leader?.[1]);
    if (leader !== null && partition < stack.partitions)
      return one({ ...brokers, draw: () => ({ role: "leader", partition }) });
    if (target === "leader")
      return one({
        ...brokers,
        draw: (random) => ({ role: "leader", partition: random.integer(0, stack.partitions - 1) }),
      });
    if (target === "controller") return one({ ...brokers, draw: () => ({ role: "controller" }) });
  }
  if (target === "primary" && hasKind(stack, "postgres"))
    return one({
      label: target,
      kind: "postgres",
      nodes: nodesOf(stack, "postgres"),
      draw: () => ({ role: "primary" }),
    });
  if (target === ACTIVE_DRIVER && hasKind(stack, "driver"))
    return one({ label: target, kind: "driver", nodes: nodesOf(stack, "driver"), draw: () => ({ role: target }) });
  const group = Object.hasOwn(GROUPS, target) ? GROUPS[target] : undefined;
  if (group?.every((member) => hasKind(stack, member)) === true)
    return { label: target, members: group.map((member) => candidate(stack, member)), every: everyOfGroup };
  const kind = TARGET_KINDS.find((name) => name === target);
  if (kind !== undefined && hasKind(stack, kind)) return one(candidate(stack, kind));
  throw unknownTarget(stack, target);
}

function nodesOf(stack: PlannedStack, kind: TargetKind): PlanNode[] {
  return stack.nodes.filter((node) => node.kind === (kind === "executor" ? "spark-worker" : kind));
}

function hasKind(stack: PlannedStack, kind: TargetKind): boolean {
  return nodesOf(stack, kind).length > 0;
}

function drawName(random: RandomStream, able: readonly PlanNode[]): string {
  return able[random.integer(0, able.length - 1)]?.name as string;
}

/** Every node of a kind, drawn from; of Kafka's also by role, of several database servers only by role. */
export function candidate(stack: PlannedStack, kind: TargetKind): Candidate {
  const nodes = nodesOf(stack, kind);
  const base = { label: kind, kind, nodes };
  if (kind === "executor") return { ...base, draw: (random, able) => ({ executor_of: drawName(random, able) }) };
  // Of several servers only one stores rows. Nothing is drawn, so that a stack with one server has the plans that it always had.
  if (kind === "postgres" && nodes.length > 1) return { ...base, draw: () => ({ role: "primary" }) };
  if (kind !== "kafka") return { ...base, draw: (random, able) => ({ node: drawName(random, able) }) };
  return {
    ...base,
    draw(random, able) {
      const way = random.integer(0, 2);
      // Nobody knows who will have a role then: not drawn unless every broker can suffer the fault.
      if (way === 0 || able.length < nodes.length) return { node: drawName(random, able) };
      return way === 1
        ? { role: "leader", partition: random.integer(0, stack.partitions - 1) }
        : { role: "controller" };
    },
  };
}

function unknownTarget(stack: PlannedStack, target: string): FaultlineError {
  const kinds = TARGET_KINDS.filter((kind) => hasKind(stack, kind));
  const roles = [
    ...(hasKind(stack, "kafka") ? ["leader", `leader:0 to leader:${stack.partitions - 1}`, "controller"] : []),
    ...(hasKind(stack, "driver") ? [ACTIVE_DRIVER] : []),
    ...(hasKind(stack, "postgres") ? ["primary"] : []),
  ];
  const groups = Object.keys(GROUPS).filter((group) => GROUPS[group]?.every((kind) => hasKind(stack, kind)));
  const valid = [...new Set([...stack.nodes.map(({ name }) => name), ...kinds, ...groups, ...roles])];
  return new FaultlineError("FL_PLAN_INVALID", `--targets: ${JSON.stringify(target)} is no target of this stack`, {
    remedy: `use one of: ${valid.join(", ")}`,
  });
}
