import { z } from "zod";
import { CONDITION_KINDS, NODE_KINDS } from "./node.ts";

/**
 * kill: SIGKILL, held down for hold_ms, then started again · stop: the same with SIGTERM · pause: every process stopped, resumed after hold_ms ·
 * restart: SIGTERM, started again at once · disconnect, isolate, delay, cpu, memory: the conditions of node.ts, taken off after hold_ms.
 */
export const FAULT_KINDS = ["kill", "stop", "pause", "restart", ...CONDITION_KINDS] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const target = z.union([
  z.strictObject({ node: z.string().min(1) }),
  z.strictObject({ role: z.literal("leader"), partition: z.int().nonnegative() }),
  z.strictObject({ role: z.literal("controller") }),
  z.strictObject({ role: z.literal("active-driver") }),
  z.strictObject({ executor_of: z.string().min(1) }),
]);

/** A node by name; the node that has a role at that moment; or the Spark executors of a worker. */
export type FaultTarget = z.infer<typeof target>;

export const plannedFaultSchema = z.strictObject({
  id: z.int().nonnegative(),
  /** Milliseconds after the plan's start. */
  at_ms: z.int().nonnegative(),
  kind: z.enum(FAULT_KINDS),
  target,
  /** How long the node stays dead or paused, or the condition stays on it. 0 for restart. */
  hold_ms: z.int().nonnegative(),
  /** delay: added to every message. jitter_ms: the delay varies by up to this, at most delay_ms. */
  delay_ms: z.int().min(1).max(60_000).optional(),
  jitter_ms: z.int().nonnegative().optional(),
  /** cpu: the number of processes that only compute. */
  cpu_workers: z.int().min(1).max(64).optional(),
  /** memory: MiB to take. */
  memory_mib: z.int().min(1).optional(),
});
export type PlannedFault = z.infer<typeof plannedFaultSchema>;

/** A complete list of faults, made from a seed. The same file gives the same faults. */
export const planSchema = z.strictObject({
  version: z.literal(1),
  seed: z.int(),
  duration_ms: z.int().positive(),
  /** The kinds of nodes that the plan may strike, in the order of NODE_KINDS. */
  kinds: z.array(z.enum(NODE_KINDS)),
  faults: z.array(plannedFaultSchema),
});
export type Plan = z.infer<typeof planSchema>;

/** "leader of partition 3", "controller", "active driver". */
export function roleText(target: Extract<FaultTarget, { role: string }>): string {
  return target.role === "leader" ? `leader of partition ${target.partition}` : target.role.replace("-", " ");
}
