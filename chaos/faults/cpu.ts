import { required } from "../../contract/capability.ts";
import type { PlannedFault } from "../../contract/plan.ts";
import { conditionFault } from "./condition.ts";

/**
 * Cores that each worker must have got, up to two workers' worth (there may be no more cores). A process that only computes is always
 * runnable, so it gets the share of every other runnable thread: with twenty of them on two cores, a stack at its limit, that is 0.1.
 * One that is stopped, blocked or gone uses 0.00. Asking for more would call the fault ineffective just when it bites most.
 */
const CORES_PER_WORKER = 0.1;
/** What a process uses to start, a tenth of a second perhaps, falls into one measurement of about a second, not into two. */
const MEASUREMENTS = 2;
/** A process that is gone uses nothing; what is left is the clock tick's rounding. */
const NO_CORES = 0.01;

/** Processes that do nothing but compute take the CPU that the node wants. */
export const cpu = conditionFault("cpu", {
  async bites({ control, node, planned }) {
    const cores: number[] = [];
    for (let index = 0; index < MEASUREMENTS; index++)
      cores.push((await required(control.conditions).measure(node, "cpu")) ?? 0);
    const least = leastCores(planned);
    return {
      yes: cores.every((used) => used >= least),
      seen: `${planned.cpu_workers ?? 0} computing beside ${node} take ${cores.map((used) => used.toFixed(2)).join(" and ")} cores (${least.toFixed(2)} at least)`,
    };
  },

  async over({ control, node }) {
    const used = (await required(control.conditions).measure(node, "cpu")) ?? 0;
    return { yes: used <= NO_CORES, seen: `workers beside ${node} take ${used.toFixed(2)} cores` };
  },
});

function leastCores({ cpu_workers = 1 }: PlannedFault): number {
  return CORES_PER_WORKER * Math.min(cpu_workers, 2);
}
