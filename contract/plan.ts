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
  z.strictObject({ executor_of: z.string().min(1) }),
]);

/** A node by name; a Kafka node by what it is at that moment; or the Spark executors below a worker. */
export type FaultTarget = z.infer<typeof target>;

export const plannedFaultSchema = z.strictObject({
  id: z.int().nonnegative(),
  /** Milliseconds after the plan's start. */
  at_ms: z.int().nonnegative(),
  kind: z.enum(FAULT_KINDS),
  target,
  /** How long the node stays dead or paused, or the condition on it. 0 for restart. */
  hold_ms: z.int().nonnegative(),
  /** delay: added to every message; jitter_ms: give or take, at most delay_ms. */
  delay_ms: z.int().min(1).max(60_000).optional(),
  jitter_ms: z.int().nonnegative().optional(),
  /** cpu: processes that only compute. */
  cpu_workers: z.int().min(1).max(64).optional(),
  /** memory: MiB taken. */
  memory_mib: z.int().min(1).optional(),
});
export type PlannedFault = z.infer<typeof plannedFaultSchema>;

/** A seeded, fully written-out list of faults: the same file, the same run. */
export const planSchema = z.strictObject({
  version: z.literal(1),
  seed: z.int(),
  duration_ms: z.int().positive(),
  /** Node kinds that the plan means to hit, in the order of NODE_KINDS. */
  kinds: z.array(z.enum(NODE_KINDS)),
  faults: z.array(plannedFaultSchema),
});
export type Plan = z.infer<typeof planSchema>;
