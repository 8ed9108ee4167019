import { join } from "node:path";
import type { Inventory, NodeStatus, Role } from "../../contract/node.ts";
import { RUN_FILES } from "../../contract/run.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import { nodeIsReady, type ReadinessQuestion } from "../protocol/node-readiness.ts";
import { roleHolder } from "../protocol/roles.ts";
import { type NodeContainer, nodeContainers } from "./engine/containers.ts";
import type { EngineApi } from "./engine/engine-api.ts";

export type InventoryOptions = {
  /** Compose's project: the value of the label com.docker.compose.project. */
  project: string;
  /** Holds producer-status.json and driver-status.json. */
  runDirectory: string;
  /** The pipeline's topic. */
  topic: string;
  postgres: PostgresAddress;
};

/** The nodes of a compose project, found by Docker's labels and asked by name in the project's network. */
export class ComposeInventory implements Inventory {
  readonly #engine: EngineApi;
  readonly #options: InventoryOptions;

  constructor(engine: EngineApi, options: InventoryOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  async nodes(): Promise<NodeStatus[]> {
    return (await this.#containers()).map(({ status }) => status);
  }

  async ready(node: string, sinceMs?: number): Promise<boolean> {
    return nodeIsReady(readinessQuestion(this.#options, await this.#containers()), node, sinceMs);
  }

  async holderOf(role: Role): Promise<string | undefined> {
    if (role.role === "primary") return (await this.nodes()).find(({ kind }) => kind === "postgres")?.name;
    return roleHolder(await this.nodes(), this.#options.topic, role);
  }

  async #containers(): Promise<NodeContainer[]> {
    return nodeContainers(this.#engine, this.#options.project);
  }
}

/** What the nodes' protocols have to be told about containers. */
export function readinessQuestion(
  options: Pick<InventoryOptions, "runDirectory" | "postgres">,
  nodes: NodeContainer[],
): ReadinessQuestion {
  const { runDirectory, postgres } = options;
  return {
    nodes: nodes.map(({ status }) => status),
    postgres,
    producerStatusFile: join(runDirectory, RUN_FILES.producerStatus),
    driverStatusFile: join(runDirectory, RUN_FILES.driverStatus),
    samplesFile: join(runDirectory, RUN_FILES.samples),
    healthFile: join(runDirectory, RUN_FILES.health),
    // Pids in containers repeat; `starts` is the time of the start.
    isOfThisLife: ({ starts }, { at_ms }) => at_ms > starts,
  };
}
