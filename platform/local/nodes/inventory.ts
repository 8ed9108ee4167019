import { join } from "node:path";
import { FaultlineError } from "../../../contract/errors.ts";
import type { Inventory, NodeState, NodeStatus, Role } from "../../../contract/node.ts";
import type { ProcessIdentity } from "../../../contract/process.ts";
import { RUN_FILES } from "../../../contract/run.ts";
import { identityText, isAlive, parseIdentity, processState } from "../../../machine/process-identity.ts";
import { activeDriver, driverRole, queryRuns, standsBy } from "../../protocol/driver-readiness.ts";
import { nodeIsReady, type ReadinessQuestion } from "../../protocol/node-readiness.ts";
import { roleHolder } from "../../protocol/roles.ts";
import { driverStatusPath } from "../state/layout.ts";
import { readSettings, type Settings } from "../state/settings.ts";
import { type Actual, NodeFiles, type ProcessSpec } from "../supervisor/node-files.ts";
import { nodeProcesses } from "../supervisor/node-process.ts";
import { postgresAddress } from "./postgres.ts";

/** Who is there in a local stack, who does its work, who holds a role: by files, /proc and the nodes' own protocols. */
export class LocalInventory implements Inventory {
  readonly #files: NodeFiles;

  constructor(stateDirectory: string) {
    this.#files = new NodeFiles(stateDirectory);
  }

  async nodes(): Promise<NodeStatus[]> {
    return this.#files.names().flatMap((name) => {
      const spec = this.#files.readSpec(name);
      return spec === undefined || spec.link !== undefined ? [] : [this.#status(spec, this.#files.readActual(name))];
    });
  }

  async ready(name: string, sinceMs?: number): Promise<boolean> {
    return nodeIsReady(await this.#question(), name, sinceMs);
  }

  /** Whether this driver's query runs, or it stands by for another one whose query runs; even if a partition is stuck. */
  async driverIsUp(name: string): Promise<boolean> {
    const question = await this.#question();
    const active = activeDriver(question);
    if (active === undefined || !(await queryRuns(question, active))) return false;
    return active.name === name || question.nodes.some((node) => node.name === name && standsBy(question, node));
  }

  async holderOf(role: Role): Promise<string | undefined> {
    return roleHolder(await this.#question(), this.#settings().topic, role);
  }

  /** What a node is beside others of its kind: see NodeReport. */
  async roleOf(node: NodeStatus): Promise<string | undefined> {
    return node.kind === "driver" ? driverRole(await this.#question(), node) : undefined;
  }

  /** One node. @throws FaultlineError FL_USAGE when there is none of this name */
  statusOf(name: string): NodeStatus {
    return this.#status(this.#files.nodeSpec(name), this.#files.readActual(name));
  }

  #status(spec: ProcessSpec, { process, starts }: Actual): NodeStatus {
    const main = process !== null && isAlive(process) ? process : undefined;
    return {
      name: spec.name,
      kind: spec.kind,
      state: main === undefined ? "down" : this.#stateOf(spec, main),
      held: this.#files.holds(spec.name).all().length > 0,
      ...(main === undefined ? {} : { life: identityText(main) }),
      starts,
      addresses: spec.addresses,
      log: spec.log,
    };
  }

  #stateOf(spec: ProcessSpec, main: ProcessIdentity): NodeState {
    if (processState(main) !== "stopped") return "running";
    const states = nodeProcesses(this.#files.stateDirectory, spec, main).map(processState);
    return states.every((state) => state !== "running") ? "paused" : "running";
  }

  async #question(): Promise<ReadinessQuestion> {
    const settings = this.#settings();
    const { stateDirectory } = this.#files;
    return {
      nodes: await this.nodes(),
      postgres: postgresAddress(settings, stateDirectory),
      producerStatusFile: join(settings.run_directory, RUN_FILES.producerStatus),
      driverStatusFile: (driver) => driverStatusPath(stateDirectory, driver),
      samplesFile: join(settings.run_directory, RUN_FILES.samples),
      healthFile: join(settings.run_directory, RUN_FILES.health),
      isOfThisLife: ({ life }, { pid }) => parseIdentity(life ?? "")?.pid === pid,
    };
  }

  #settings(): Settings {
    const settings = readSettings(this.#files.stateDirectory);
    if (settings === undefined)
      throw new FaultlineError("FL_STACK_DOWN", `there is no stack in ${this.#files.stateDirectory}`, {
        remedy: "./faultline up",
      });
    return settings;
  }
}
