import { FaultlineError } from "../contract/errors.ts";
import type { NodeKind } from "../contract/node.ts";
import { FAULT_KINDS, type FaultKind, type FaultTarget } from "../contract/plan.ts";
import type { RandomStream } from "../contract/random.ts";
import { CATALOG, DEFAULT_FAULT_KINDS, defaultTargetKinds, type HoldRangeMs, TARGET_KINDS, type TargetKind } from "./catalog.ts";

export type PlanNode = {
  name: string;
  kind: NodeKind;
  /** Why a fault can't be done to this node here, as one sentence. */
  unavailable?: Partial<Record<FaultKind, string>>;
};

/** One thing that a plan covers: "kafka", "kafka-2", "leader:3", "executor", ... */
export type TargetChoice = {
  label: string;
  kind: TargetKind;
  /** The faults it can suffer, with the range of their hold time, and how to draw what they strike. Never empty. */
  faults: { kind: FaultKind; holdMs: HoldRangeMs; draw: (random: RandomStream) => FaultTarget }[];
};

type Stack = { nodes: readonly PlanNode[]; partitions: number };

/** What a target may strike: these nodes, drawn among those that can suffer the fault. */
type Candidate = { label: string; kind: TargetKind; nodes: readonly PlanNode[]; draw: (random: RandomStream, able: readonly PlanNode[]) => FaultTarget };

/** What was asked for in one word, or not at all (no target named). */
type Wish = { label: string; members: Candidate[]; /** Each member must suffer one of the faults. */ every: boolean };

const GROUPS: Record<string, readonly TargetKind[]> = { spark: ["spark-worker", "executor", "driver"] };

/**
 * Turns `--targets` into the things that a plan covers, in the order given, each once.
 * Accepted: a node's name, a kind, the group "spark" (workers, executor, driver), the roles "leader" (of a partition drawn
 * each time), "leader:N" and "controller". Without targets: defaultTargetKinds. Faults that a node can't suffer here are not drawn.
 * @param kinds only these faults, asked for by name. @throws FaultlineError FL_PLAN_INVALID for a target or fault that can't be had, listing
 *   what can; FL_FAULT_UNAVAILABLE when a fault asked for by name can be done to no node of a target, with the reason.
 */
export function chooseTargets(stack: Stack, targets: readonly string[] | undefined, kinds: readonly FaultKind[] | undefined): TargetChoice[] {
  const wanted = FAULT_KINDS.filter((kind) => (kinds ?? DEFAULT_FAULT_KINDS).includes(kind));
  const named = targets !== undefined && targets.length > 0;
  const wishes: Wish[] = named
    ? targets.map((target) => wishOf(stack, target, kinds === undefined))
    : [{ label: "the stack", members: defaultTargetKinds(stack.nodes).map((kind) => candidate(stack, kind)), every: false }];
  const choices = new Map<string, TargetChoice>();
  for (const wish of wishes) {
    if (kinds !== undefined) for (const kind of wanted) requireAvailable(wish, kind);
    for (const member of wish.members) {
      const faults = wanted.flatMap((kind) => faultOf(member, kind));
      if (faults.length > 0) choices.set(member.label, { label: member.label, kind: member.kind, faults });
      else if (wish.every) throw nothingFor(member, wanted);
    }
  }
  if (choices.size > 0) return [...choices.values()];
  throw new FaultlineError(
    "FL_PLAN_INVALID",
    named ? `targets ${targets.join(",")}: none of them can suffer ${wanted.join(", ")}` : "the stack has no node that the faults asked for can strike",
  );
}

function faultOf(member: Candidate, kind: FaultKind): TargetChoice["faults"] {
  const holdMs = CATALOG[member.kind][kind];
  const able = member.nodes.filter(({ unavailable }) => unavailable?.[kind] === undefined);
  return holdMs === undefined || able.length === 0 ? [] : [{ kind, holdMs, draw: (random) => member.draw(random, able) }];
}

/** A capability that is missing is never passed over in silence when it was asked for by name. */
function requireAvailable({ label, members }: Wish, kind: FaultKind): void {
  const nodes = members.filter((member) => CATALOG[member.kind][kind] !== undefined).flatMap((member) => member.nodes);
  const reasons = nodes.map(({ name, unavailable }) => ({ name, why: unavailable?.[kind] }));
  if (nodes.length === 0 || reasons.some(({ why }) => why === undefined)) return;
  const text = [...Map.groupBy(reasons, ({ why }) => why)].map(([why, list]) => `${list.map(({ name }) => name).join(", ")}: ${why}`);
  throw new FaultlineError("FL_FAULT_UNAVAILABLE", `${kind} can't be done to ${label} here: ${text.join("; ")}`, {
    remedy: `leave ${kind} out, or choose other targets, or run where it can be done`,
  });
}

function nothingFor({ label, kind, nodes }: Candidate, wanted: readonly FaultKind[]): FaultlineError {
  const why = wanted.flatMap((fault) =>
    nodes.flatMap(({ name, unavailable }) => (unavailable?.[fault] === undefined ? [] : [`${fault} on ${name}: ${unavailable[fault]}`])),
  );
  if (why.length > 0)
    return new FaultlineError("FL_FAULT_UNAVAILABLE", `target ${label}: no fault can be done to it here: ${why.join("; ")}`, {
      remedy: `leave ${label} out of --targets`,
    });
  const possible = FAULT_KINDS.filter((fault) => CATALOG[kind][fault] !== undefined && nodes.some(({ unavailable }) => unavailable?.[fault] === undefined));
  return new FaultlineError("FL_PLAN_INVALID", `target ${label}: none of the faults asked for (${wanted.join(", ")}) is there for it`, {
    remedy: `faults for ${label}: ${possible.join(", ")}`,
  });
}

function wishOf(stack: Stack, target: string, everyOfGroup: boolean): Wish {
  const one = (member: Candidate): Wish => ({ label: target, members: [member], every: true });
  const node = stack.nodes.find(({ name }) => name === target);
  if (node !== undefined && target !== "executor") return one({ label: target, kind: node.kind, nodes: [node], draw: () => ({ node: target }) });
  if (hasKind(stack, "kafka")) {
    const brokers = { label: target, kind: "kafka" as const, nodes: nodesOf(stack, "kafka") };
    const leader = /^leader:(\d+)$/.exec(target);
    const partition = Number(leader?.[1]);
    if (leader !== null && partition < stack.partitions) return one({ ...brokers, draw: () => ({ role: "leader", partition }) });
    if (target === "leader") return one({ ...brokers, draw: (random) => ({ role: "leader", partition: random.integer(0, stack.partitions - 1) }) });
    if (target === "controller") return one({ ...brokers, draw: () => ({ role: "controller" }) });
  }
  const group = Object.hasOwn(GROUPS, target) ? GROUPS[target] : undefined;
  if (group?.every((member) => hasKind(stack, member)) === true)
    return { label: target, members: group.map((member) => candidate(stack, member)), every: everyOfGroup };
  const kind = TARGET_KINDS.find((name) => name === target);
  if (kind !== undefined && hasKind(stack, kind)) return one(candidate(stack, kind));
  throw unknownTarget(stack, target);
}

function nodesOf(stack: Stack, kind: TargetKind): PlanNode[] {
  return stack.nodes.filter((node) => node.kind === (kind === "executor" ? "spark-worker" : kind));
}

function hasKind(stack: Stack, kind: TargetKind): boolean {
  return nodesOf(stack, kind).length > 0;
}

function drawName(random: RandomStream, able: readonly PlanNode[]): string {
  return able[random.integer(0, able.length - 1)]?.name as string;
}

function candidate(stack: Stack, kind: TargetKind): Candidate {
  const nodes = nodesOf(stack, kind);
  const base = { label: kind, kind, nodes };
  if (kind === "executor") return { ...base, draw: (random, able) => ({ executor_of: drawName(random, able) }) };
  if (kind !== "kafka") return { ...base, draw: (random, able) => ({ node: drawName(random, able) }) };
  return {
    ...base,
    draw(random, able) {
      const way = random.integer(0, 2);
      // Nobody knows who will have a role then: not drawn unless every broker can suffer the fault.
      if (way === 0 || able.length < nodes.length) return { node: drawName(random, able) };
      return way === 1 ? { role: "leader", partition: random.integer(0, stack.partitions - 1) } : { role: "controller" };
    },
  };
}

function unknownTarget(stack: Stack, target: string): FaultlineError {
  const kinds = TARGET_KINDS.filter((kind) => hasKind(stack, kind));
  const roles = hasKind(stack, "kafka") ? ["leader", `leader:0 to leader:${stack.partitions - 1}`, "controller"] : [];
  const groups = Object.keys(GROUPS).filter((group) => GROUPS[group]?.every((kind) => hasKind(stack, kind)));
  const valid = [...new Set([...stack.nodes.map(({ name }) => name), ...kinds, ...groups, ...roles])];
  return new FaultlineError("FL_PLAN_INVALID", `--targets: ${JSON.stringify(target)} is no target of this stack`, {
    remedy: `use one of: ${valid.join(", ")}`,
  });
}
