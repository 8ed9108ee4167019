import type { PartitionHealth } from "../contract/health.ts";
import type { StackReport } from "../platform/runtime.ts";

/** Exit codes of `status`. 2 is what `validate` says if it does not know, 69 what every command says without a stack. */
export const STATUS_EXIT_CODES = { well: 0, "not well": 1, unknown: 2, "no stack": 69 } as const;

export type StatusOutcome = {
  outcome: keyof typeof STATUS_EXIT_CODES;
  /** Why it is not "well", one phrase each. */
  reasons: string[];
};

/** Whether the stack does its work now: every node that should run is ready, and every partition is flowing or idle (pure). */
export function statusOutcome({ stack, nodes, health, health_unknown }: StackReport): StatusOutcome {
  if (stack === undefined) return { outcome: "no stack", reasons: ["no `up` has finished since the last `down`"] };
  const partitionsThatAre = (wanted: PartitionHealth["state"]): string[] => {
    const found = (health?.partitions ?? []).flatMap(({ partition, state }) => (state === wanted ? [partition] : []));
    if (found.length === 0) return [];
    return [found.length === 1 ? `partition ${found[0]} is ${wanted}` : `partitions ${found.join(", ")} are ${wanted}`];
  };
  const bad = [
    ...nodes.flatMap(({ name, state, ready, should_run: shouldRun }) =>
      !shouldRun || ready ? [] : [`${name} is ${state === "running" ? "not ready" : state}`],
    ),
    ...partitionsThatAre("stuck"),
  ];
  const unknown = [
    ...(health === null ? [health_unknown ?? "the partitions are unknown"] : []),
    ...(health !== null && health.partitions.length === 0 ? ["health.json has no partition"] : []),
    ...partitionsThatAre("unknown"),
  ];
  if (bad.length > 0) return { outcome: "not well", reasons: [...bad, ...unknown] };
  return unknown.length > 0 ? { outcome: "unknown", reasons: unknown } : { outcome: "well", reasons: [] };
}
