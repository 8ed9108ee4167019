import { makePlan } from "../../chaos/plan/plan.ts";
import type { PlannedStack } from "../../chaos/plan/target-names.ts";
import type { Plan } from "../../contract/plan.ts";
import { RandomStream } from "../../contract/random.ts";
import type { RecoveryFault } from "./faults.ts";

/** After the pipeline is settled, so that there is a calm time to compare with; then a random part of a cycle, so that rounds meet different moments. */
const CALM_MS = 5_000;
const CYCLE_MS = 5_000;
/** What a round may take beside its hold: the engine waits at most 60 s each for a settled pipeline, for the node before, and for the node afterwards. */
export const ROUND_LIMIT_MS = 200_000;

const PURPOSE = 71;
const MAX_SEED = 2 ** 31;

/**
 * Draws the plan of one round, counted from 1: one fault. The same seed, fault and round strike the same target at the same moment of the cycle, on whichever stack.
 * @throws FaultlineError FL_PLAN_INVALID, FL_FAULT_UNAVAILABLE when the stack lacks the target, or the target can't suffer the fault.
 */
export function roundPlan(fault: RecoveryFault, stack: PlannedStack, seed: number, round: number): Plan {
  const random = new RandomStream(seed, PURPOSE, round);
  const plan = makePlan({
    partitions: stack.partitions,
    nodes: workersInTurn(stack.nodes, seed + round),
    seed: (seed + round) % MAX_SEED,
    // Room for one fault.
    durationMs: 10_000,
    intervalMs: 10_000,
    targets: [targetOn(fault, stack)],
    kinds: [fault.kind],
  });
  const at_ms = CALM_MS + random.integer(0, CYCLE_MS - 1);
  // The engine adds the journal's next id, which is 0 at first: so the rounds' faults are 1, 2, 3, …
  const id = round === 1 ? 1 : 0;
  const faults = plan.faults.map((drawn) => ({ ...drawn, id, at_ms, hold_ms: fault.holdMs }));
  return { ...plan, duration_ms: at_ms + fault.holdMs + ROUND_LIMIT_MS, faults };
}

/** The worker that was not struck in the round before: Spark has moved all tasks to it, and an executor without a task is no loss. */
function workersInTurn(nodes: PlannedStack["nodes"], turn: number): PlannedStack["nodes"] {
  const workers = nodes.filter(({ kind }) => kind === "spark-worker");
  const struck = workers[turn % workers.length];
  return nodes.filter((node) => node.kind !== "spark-worker" || node === struck);
}

/** Several nodes of a kind, of which one does the work: that one is struck. */
export function targetOn({ target, active }: RecoveryFault, { nodes }: Pick<PlannedStack, "nodes">): string {
  const several = active !== undefined && nodes.filter(({ kind }) => kind === active.among).length > 1;
  return several ? active.role : target;
}
