import { FaultlineError } from "../contract/errors.ts";
import type { NodeKind } from "../contract/node.ts";
import { FAULT_KINDS, type FaultKind, type FaultTarget } from "../contract/plan.ts";
import type { RandomStream } from "../contract/random.ts";
import { CATALOG, DEFAULT_TARGET_KINDS, type HoldRangeMs, TARGET_KINDS, type TargetKind } from "./catalog.ts";

export type PlanNode = { name: string; kind: NodeKind };

/** One thing that a plan covers: "kafka", "kafka-2", "leader:3", "executor", ... */
export type TargetChoice = {
  label: string;
  kind: TargetKind;
  /** The faults it can suffer, with the range of their hold time. Never empty. */
  faults: { kind: FaultKind; holdMs: HoldRangeMs }[];
  draw(random: RandomStream): FaultTarget;
};

type Stack = { nodes: readonly PlanNode[]; partitions: number };

const GROUPS: Record<string, readonly TargetKind[]> = { spark: ["spark-worker", "executor", "driver"] };

/**
 * Turns `--targets` into the things that a plan covers, in the order given, each once.
 * Accepted: a node's name, a kind, the group "spark" (workers, executor, driver), the roles "leader" (of a partition drawn
 * each time), "leader:N" and "controller". Without targets: every kind of DEFAULT_TARGET_KINDS that the stack has.
 * @throws FaultlineError FL_PLAN_INVALID for a target or fault that can't be had, listing what can.
 */
export function chooseTargets(stack: Stack, targets: readonly string[] | undefined, kinds: readonly FaultKind[] | undefined): TargetChoice[] {
  const wanted = kinds ?? FAULT_KINDS;
  const choices = new Map<string, TargetChoice>();
  const add = (label: string, kind: TargetKind, draw: TargetChoice["draw"], named: boolean): void => {
    const faults = FAULT_KINDS.filter((fault) => wanted.includes(fault)).flatMap((fault) => {
      const holdMs = CATALOG[kind][fault];
      return holdMs === undefined ? [] : [{ kind: fault, holdMs }];
    });
    if (faults.length > 0) choices.set(label, { label, kind, faults, draw });
    else if (named) {
      const possible = Object.keys(CATALOG[kind]).join(", ");
      throw new FaultlineError("FL_PLAN_INVALID", `target ${label}: none of the faults asked for (${wanted.join(", ")}) is there for it`, {
        remedy: `faults for ${label}: ${possible}`,
      });
    }
  };

  if (targets === undefined || targets.length === 0) {
    for (const kind of DEFAULT_TARGET_KINDS) if (hasKind(stack, kind)) add(kind, kind, drawOf(stack, kind), false);
    if (choices.size === 0) throw new FaultlineError("FL_PLAN_INVALID", "the stack has no node that the faults asked for can strike");
    return [...choices.values()];
  }
  for (const target of targets) {
    const node = stack.nodes.find(({ name }) => name === target);
    const leader = /^leader:(\d+)$/.exec(target);
    const kind = TARGET_KINDS.find((name) => name === target);
    if (node !== undefined && target !== "executor") add(target, node.kind, () => ({ node: target }), true);
    else if (leader !== null && Number(leader[1]) < stack.partitions && hasKind(stack, "kafka")) {
      const partition = Number(leader[1]);
      add(target, "kafka", () => ({ role: "leader", partition }), true);
    } else if (target === "leader" && hasKind(stack, "kafka")) {
      add(target, "kafka", (random) => ({ role: "leader", partition: random.integer(0, stack.partitions - 1) }), true);
    } else if (target === "controller" && hasKind(stack, "kafka")) add(target, "kafka", () => ({ role: "controller" }), true);
    else if (Object.hasOwn(GROUPS, target) && GROUPS[target]?.every((member) => hasKind(stack, member)) === true) {
      for (const member of GROUPS[target]) add(member, member, drawOf(stack, member), kinds === undefined);
    } else if (kind !== undefined && hasKind(stack, kind)) add(kind, kind, drawOf(stack, kind), true);
    else throw unknownTarget(stack, target);
  }
  if (choices.size === 0) throw new FaultlineError("FL_PLAN_INVALID", `targets ${targets.join(",")}: none of them can suffer ${wanted.join(", ")}`);
  return [...choices.values()];
}

function hasKind(stack: Stack, kind: TargetKind): boolean {
  return stack.nodes.some((node) => node.kind === (kind === "executor" ? "spark-worker" : kind));
}

function drawOf(stack: Stack, kind: TargetKind): TargetChoice["draw"] {
  const names = stack.nodes.filter((node) => node.kind === (kind === "executor" ? "spark-worker" : kind)).map(({ name }) => name);
  const name = (random: RandomStream): string => names[random.integer(0, names.length - 1)] as string;
  if (kind === "executor") return (random) => ({ executor_of: name(random) });
  if (kind !== "kafka") return (random) => ({ node: name(random) });
  return (random) => {
    const way = random.integer(0, 2);
    if (way === 0) return { node: name(random) };
    return way === 1 ? { role: "leader", partition: random.integer(0, stack.partitions - 1) } : { role: "controller" };
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
