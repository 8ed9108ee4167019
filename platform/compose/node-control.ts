import type { NodeControl } from "../../contract/node.ts";
import { ComposeConditions } from "./conditions/conditions.ts";
import { EngineApi } from "./engine/engine-api.ts";
import { ComposeInventory, type InventoryOptions } from "./inventory.ts";
import { ComposeLifecycle } from "./lifecycle.ts";

export type ComposeOptions = InventoryOptions & {
  /** Docker's socket. */
  socketPath: string;
  /** An image with sh, nft, tc, node and this repository at /app, for what must run in a node's network namespace. */
  toolsImage: string;
};

const NO_STANDBY = "PostgreSQL has no standby in containers";

/**
 * What the chaos engine may do to the containers of a compose project, through the Docker Engine API. Keeps nothing that another
 * instance needs: any number may live at once. Runs inside the project's network.
 */
export class ComposeNodeControl implements NodeControl {
  readonly inventory: ComposeInventory;
  readonly lifecycle: ComposeLifecycle;
  readonly conditions: ComposeConditions;
  readonly failover = { absent: NO_STANDBY };

  constructor(options: ComposeOptions) {
    const { project, socketPath, toolsImage } = options;
    const engine = new EngineApi(socketPath);
    this.inventory = new ComposeInventory(engine, options);
    this.lifecycle = new ComposeLifecycle(engine, project);
    this.conditions = new ComposeConditions(engine, project, toolsImage);
  }
}
