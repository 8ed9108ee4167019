import { required } from "../../contract/capability.ts";
import { conditionFault } from "./condition.ts";

/** Of the MiB asked for, this much must be resident: some may be swapped out or not touched yet. */
const HELD_SHARE = 0.8;

/** Memory inside the node's limit is taken and held: its page cache shrinks, and it lives closer to its end. */
export const memory = conditionFault("memory", {
  async bites({ control, node, planned: { memory_mib = 0 } }) {
    const held = (await required(control.conditions).measure(node, "memory")) ?? 0;
    return {
      yes: held >= HELD_SHARE * memory_mib,
      seen: `${held.toFixed(1)} MiB held beside ${node} (${memory_mib} MiB asked for)`,
    };
  },

  async over({ control, node, planned: { memory_mib = 0 } }) {
    const held = (await required(control.conditions).measure(node, "memory")) ?? 0;
    return { yes: held < 0.05 * memory_mib, seen: `${held.toFixed(1)} MiB held beside ${node}` };
  },
});
