import { CONDITION_KINDS, type Condition, type ConditionKind } from "../../contract/node.ts";
import type { FaultKind, PlannedFault } from "../../contract/plan.ts";
import type { RandomStream } from "../../contract/random.ts";

/** How long the standby of a lossy failover gets no WAL, if the plan does not say. */
export const DETACHED_MS = 20_000;

/** What a planned fault has beside its time and target. */
export type ConditionParameters = Omit<PlannedFault, "id" | "at_ms" | "kind" | "target" | "hold_ms">;

type Owner = { kind: FaultKind; required: boolean };

/** Which fault each parameter belongs to. A parameter of the plan's schema that is missing here does not compile. */
const OWNERS: Record<keyof ConditionParameters, Owner> = {
  delay_ms: { kind: "delay", required: true },
  jitter_ms: { kind: "delay", required: false },
  cpu_workers: { kind: "cpu", required: true },
  memory_mib: { kind: "memory", required: true },
  detached_ms: { kind: "failover-lossy", required: false },
};

type ParametersOf<Kind extends ConditionKind> = {
  /** Draws what the condition needs. */
  draw(random: RandomStream): ConditionParameters;
  /** @returns undefined when a parameter is missing (parameterProblems finds that first). */
  toCondition(parameters: ConditionParameters): Extract<Condition, { kind: Kind }> | undefined;
  /** For a person, behind the fault's name: " (120 ms, jitter 20 ms)". */
  text(parameters: ConditionParameters): string;
};

/**
 * What each condition needs beside its time. A delay is what another region or a bad link costs; CPU and memory are enough to be
 * felt and too little to have a node's container killed.
 */
const PARAMETERS: { [Kind in ConditionKind]: ParametersOf<Kind> } = {
  disconnect: { draw: () => ({}), toCondition: () => ({ kind: "disconnect" }), text: () => "" },
  isolate: { draw: () => ({}), toCondition: () => ({ kind: "isolate" }), text: () => "" },
  delay: {
    draw(random) {
      const delay_ms = random.integer(50, 300);
      return { delay_ms, jitter_ms: random.integer(0, Math.floor(delay_ms / 5)) };
    },
    toCondition: ({ delay_ms, jitter_ms = 0 }) =>
      delay_ms === undefined ? undefined : { kind: "delay", delay_ms, jitter_ms },
    text: ({ delay_ms, jitter_ms = 0 }) => ` (${delay_ms} ms, jitter ${jitter_ms} ms)`,
  },
  cpu: {
    draw: (random) => ({ cpu_workers: random.integer(1, 2) }),
    toCondition: ({ cpu_workers }) => (cpu_workers === undefined ? undefined : { kind: "cpu", workers: cpu_workers }),
    text: ({ cpu_workers }) => ` (${cpu_workers} ${cpu_workers === 1 ? "worker" : "workers"})`,
  },
  memory: {
    draw: (random) => ({ memory_mib: random.integer(64, 256) }),
    toCondition: ({ memory_mib }) => (memory_mib === undefined ? undefined : { kind: "memory", mib: memory_mib }),
    text: ({ memory_mib }) => ` (${memory_mib} MiB)`,
  },
};

export function isCondition(kind: FaultKind): kind is ConditionKind {
  return (CONDITION_KINDS as readonly FaultKind[]).includes(kind);
}

/** Draws what a fault of this kind needs beside its time. */
export function drawParameters(kind: FaultKind, random: RandomStream): ConditionParameters {
  return isCondition(kind) ? PARAMETERS[kind].draw(random) : {};
}

/** @returns what is wrong with a planned fault's parameters, each with its field's name first. */
export function parameterProblems(fault: PlannedFault): string[] {
  const problems: string[] = [];
  for (const [name, { kind, required }] of Object.entries(OWNERS) as [keyof ConditionParameters, Owner][]) {
    const value = fault[name];
    if (value === undefined && required && kind === fault.kind)
      problems.push(`${name}: missing, ${fault.kind} needs it`);
    if (value !== undefined && kind !== fault.kind)
      problems.push(`${name}: ${value} belongs to ${kind}, not to ${fault.kind}`);
  }
  const { delay_ms, jitter_ms } = fault;
  if (delay_ms !== undefined && jitter_ms !== undefined && jitter_ms > delay_ms)
    problems.push(`jitter_ms: ${jitter_ms} is more than delay_ms ${delay_ms}`);
  if (isCondition(fault.kind) && "executor_of" in fault.target)
    problems.push(
      `target: ${fault.kind} strikes nodes; the executors of ${fault.target.executor_of} are processes in one`,
    );
  return problems;
}

/** @throws Error for a fault that is no condition, or lacks its parameters (parameterProblems finds that first). */
export function conditionOf({ kind, ...parameters }: PlannedFault): Condition {
  const condition = isCondition(kind) ? PARAMETERS[kind].toCondition(parameters) : undefined;
  if (condition === undefined) throw new Error(`a ${kind} fault with these parameters is no condition`);
  return condition;
}

/** For a person, behind the fault's name: " (120 ms, jitter 20 ms)". */
export function parameterText({ kind, ...parameters }: PlannedFault): string {
  if (kind === "failover-lossy")
    return ` (after ${(parameters.detached_ms ?? DETACHED_MS) / 1000} s in which the standby gets nothing)`;
  return isCondition(kind) ? PARAMETERS[kind].text(parameters) : "";
}
