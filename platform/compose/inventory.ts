import { join } from "node:path";
import { driverStatusFile } from "../../contract/job.ts";
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
  /** Holds the status files of producer and drivers. */
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
    const question = readinessQuestion(this.#options, await this.#containers());
    return roleHolder(question, this.#options.topic, role);
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
    driverStatusFile: (driver) => join(runDirectory, driverStatusFile(driver)),
    samplesFile: join(runDirectory, RUN_FILES.samples),
    healthFile: join(runDirectory, RUN_FILES.health),
    // Pids in containers repeat; `starts` is the time of the start.
    isOfThisLife: ({ starts }, { at_ms }) => at_ms > starts,
  };
}
