import { FaultlineError } from "../../contract/errors.ts";
import { FAULT_KINDS, type FaultKind, type FaultTarget } from "../../contract/plan.ts";
import type { RandomStream } from "../../contract/random.ts";
import { CATALOG, DEFAULT_FAULT_KINDS, defaultTargetKinds, type HoldRangeMs, type TargetKind } from "./catalog.ts";
import { type Candidate, candidate, type PlannedStack, type Wish, wishOf } from "./target-names.ts";

/** One thing that a plan covers: "kafka", "kafka-2", "leader:3", "executor", ... */
export type TargetChoice = {
  label: string;
  kind: TargetKind;
  /** The faults it can suffer, with the range of their hold time, and how to draw what they strike. Never empty. */
  faults: { kind: FaultKind; holdMs: HoldRangeMs; draw: (random: RandomStream) => FaultTarget }[];
};

/**
 * Turns `--targets` into the things that a plan covers, in the order given, each once.
 * Accepted: a node's name, a kind, the group "spark" (workers, executor, driver), the roles "leader" (of a partition drawn
 * each time), "leader:N", "controller" and "active-driver". Without targets: defaultTargetKinds. Faults that a node can't suffer here are not drawn.
 * @param kinds only these faults, asked for by name. @throws FaultlineError FL_PLAN_INVALID for a target or fault that this stack does not have;
 *   the error lists those that it has. FL_FAULT_UNAVAILABLE, with the reason, when no node of a target can suffer a fault asked for by name.
 */
export function chooseTargets(
  stack: PlannedStack,
  targets: readonly string[] | undefined,
  kinds: readonly FaultKind[] | undefined,
): TargetChoice[] {
  const wanted = FAULT_KINDS.filter((kind) => (kinds ?? DEFAULT_FAULT_KINDS).includes(kind));
  const named = targets !== undefined && targets.length > 0;
  const wishes: Wish[] = named
    ? targets.map((target) => wishOf(stack, target, kinds === undefined))
    : [
        {
          label: "the stack",
          members: defaultTargetKinds(stack.nodes).map((kind) => candidate(stack, kind)),
          every: false,
        },
      ];
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
  const members = wishes.flatMap((wish) => wish.members);
  const reasons = wanted.flatMap((kind) => reasonsAgainst(members, kind)).filter(({ why }) => why !== undefined);
  if (reasons.length > 0)
    throw new FaultlineError(
      "FL_FAULT_UNAVAILABLE",
      `none of the faults ${wanted.join(", ")} can be done here: ${groupedText(reasons)}`,
      { remedy: "choose other --faults, or run where these can be done" },
    );
  throw new FaultlineError(
    "FL_PLAN_INVALID",
    named
      ? `targets ${targets.join(",")}: none of them can suffer ${wanted.join(", ")}`
      : "the stack has no node that the faults asked for can strike",
  );
}

function faultOf(member: Candidate, kind: FaultKind): TargetChoice["faults"] {
  const holdMs = CATALOG[kind][member.kind];
  const able = member.nodes.filter(({ unavailable }) => unavailable?.[kind] === undefined);
  return holdMs === null || able.length === 0 ? [] : [{ kind, holdMs, draw: (random) => member.draw(random, able) }];
}

/** A capability that is missing is never passed over in silence when it was asked for by name. */
function requireAvailable({ label, members }: Wish, kind: FaultKind): void {
  const reasons = reasonsAgainst(members, kind);
  if (reasons.length === 0 || reasons.some(({ why }) => why === undefined)) return;
  throw new FaultlineError("FL_FAULT_UNAVAILABLE", `${kind} can't be done to ${label} here: ${groupedText(reasons)}`, {
    remedy: `leave ${kind} out, or choose other targets, or run where it can be done`,
  });
}

/** Why a node can't suffer the fault; `why` is undefined for a node that can. */
type Reason = { name: string; why: string | undefined };

/** @returns a reason for every node that this kind of fault is for. */
function reasonsAgainst(members: readonly Candidate[], kind: FaultKind): Reason[] {
  return members
    .filter((member) => CATALOG[kind][member.kind] !== null)
    .flatMap(({ nodes }) => nodes.map(({ name, unavailable }) => ({ name, why: unavailable?.[kind] })));
}

/** "kafka-1, kafka-2: no proxy; driver: no namespace" */
function groupedText(reasons: readonly Reason[]): string {
  return [...Map.groupBy(reasons, ({ why }) => why)]
    .map(([why, list]) => `${[...new Set(list.map(({ name }) => name))].join(", ")}: ${why}`)
    .join("; ");
}

function nothingFor({ label, kind, nodes }: Candidate, wanted: readonly FaultKind[]): FaultlineError {
  const why = wanted.flatMap((fault) =>
    nodes.flatMap(({ name, unavailable }) =>
      unavailable?.[fault] === undefined ? [] : [`${fault} on ${name}: ${unavailable[fault]}`],
    ),
  );
  if (why.length > 0)
    return new FaultlineError(
      "FL_FAULT_UNAVAILABLE",
      `target ${label}: no fault can be done to it here: ${why.join("; ")}`,
      {
        remedy: `leave ${label} out of --targets`,
      },
    );
  const possible = FAULT_KINDS.filter(
    (fault) => CATALOG[fault][kind] !== null && nodes.some(({ unavailable }) => unavailable?.[fault] === undefined),
  );
  return new FaultlineError(
    "FL_PLAN_INVALID",
    `target ${label}: none of the faults asked for (${wanted.join(", ")}) is there for it`,
    {
      remedy: `faults for ${label}: ${possible.join(", ")}`,
    },
  );
}
