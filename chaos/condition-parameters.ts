import type { Condition, ConditionKind } from "../contract/node.ts";
import { CONDITION_KINDS } from "../contract/node.ts";
import type { FaultKind, PlannedFault } from "../contract/plan.ts";
import type { RandomStream } from "../contract/random.ts";

export type ConditionParameters = Pick<PlannedFault, "delay_ms" | "jitter_ms" | "cpu_workers" | "memory_mib">;

/** Which fault each parameter belongs to. */
const OWNERS = { delay_ms: "delay", jitter_ms: "delay", cpu_workers: "cpu", memory_mib: "memory" } as const satisfies Record<
  keyof ConditionParameters,
  ConditionKind
>;
const REQUIRED: Partial<Record<FaultKind, keyof ConditionParameters>> = { delay: "delay_ms", cpu: "cpu_workers", memory: "memory_mib" };

export function isCondition(kind: FaultKind): kind is ConditionKind {
  return (CONDITION_KINDS as readonly FaultKind[]).includes(kind);
}

/**
 * Draws what a fault of this kind needs besides its time. A delay is what another region or a bad link costs; CPU and memory are enough to
 * be felt and too little to have a node's container killed.
 */
export function drawParameters(kind: FaultKind, random: RandomStream): ConditionParameters {
  if (kind === "delay") {
    const delay_ms = random.integer(50, 300);
    return { delay_ms, jitter_ms: random.integer(0, Math.floor(delay_ms / 5)) };
  }
  if (kind === "cpu") return { cpu_workers: random.integer(1, 2) };
  return kind === "memory" ? { memory_mib: random.integer(64, 256) } : {};
}

/** @returns what is wrong with a planned fault's parameters, each with its field's name first. */
export function parameterProblems(fault: PlannedFault): string[] {
  const problems: string[] = [];
  const required = REQUIRED[fault.kind];
  if (required !== undefined && fault[required] === undefined) problems.push(`${required}: missing, ${fault.kind} needs it`);
  for (const [name, owner] of Object.entries(OWNERS) as [keyof ConditionParameters, ConditionKind][])
    if (fault[name] !== undefined && owner !== fault.kind) problems.push(`${name}: ${fault[name]} belongs to ${owner}, not to ${fault.kind}`);
  const { delay_ms, jitter_ms } = fault;
  if (delay_ms !== undefined && jitter_ms !== undefined && jitter_ms > delay_ms) problems.push(`jitter_ms: ${jitter_ms} is more than delay_ms ${delay_ms}`);
  if (isCondition(fault.kind) && "executor_of" in fault.target)
    problems.push(`target: ${fault.kind} strikes nodes; the executors of ${fault.target.executor_of} are processes in one`);
  return problems;
}

/** @throws Error for a fault that is no condition, or lacks its parameters (parameterProblems finds that first). */
export function conditionOf({ kind, delay_ms, jitter_ms, cpu_workers, memory_mib }: PlannedFault): Condition {
  if (kind === "disconnect" || kind === "isolate") return { kind };
  if (kind === "delay" && delay_ms !== undefined) return { kind, delay_ms, jitter_ms: jitter_ms ?? 0 };
  if (kind === "cpu" && cpu_workers !== undefined) return { kind, workers: cpu_workers };
  if (kind === "memory" && memory_mib !== undefined) return { kind, mib: memory_mib };
  throw new Error(`a ${kind} fault with these parameters is no condition`);
}

/** For a person, behind the fault's name: " (120 ms, jitter 20 ms)". */
export function parameterText({ kind, delay_ms, jitter_ms, cpu_workers, memory_mib }: PlannedFault): string {
  if (kind === "delay") return ` (${delay_ms} ms, jitter ${jitter_ms ?? 0} ms)`;
  if (kind === "cpu") return ` (${cpu_workers} ${cpu_workers === 1 ? "worker" : "workers"})`;
  return kind === "memory" ? ` (${memory_mib} MiB)` : "";
}
