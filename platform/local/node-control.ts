import type { NodeControl } from "../../contract/node.ts";
import { localFailover } from "./failover.ts";
import { LocalLifecycle } from "./lifecycle.ts";
import { LocalConditions } from "./links/conditions.ts";
import { LocalInventory } from "./nodes/inventory.ts";

/** What may be done to the nodes of the stack in this state directory. */
export function localNodeControl(stateDirectory: string): NodeControl {
  const inventory = new LocalInventory(stateDirectory);
  return {
    inventory,
    lifecycle: new LocalLifecycle(stateDirectory),
    failover: localFailover(stateDirectory),
    conditions: new LocalConditions(stateDirectory, inventory),
  };
}
