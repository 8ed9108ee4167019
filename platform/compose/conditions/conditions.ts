import { FaultlineError } from "../../../contract/errors.ts";
import type { Condition, ConditionKind, Conditions, Imposed } from "../../../contract/node.ts";
import { findNode, networkOf, type NodeContainer, nodeContainers, nodeNamed } from "../engine/containers.ts";
import type { EngineApi } from "../engine/engine-api.ts";
import { disconnect, disconnected, isDisconnected, reconnect } from "./disconnect.ts";
import { FaultContainers } from "./fault-container.ts";
import { KernelAbilities } from "./kernel-abilities.ts";
import { imposedLoads, imposeLoad, liftLoad, loadUnavailable } from "./load.ts";
import { measure } from "./measure.ts";
import { NetworkFaults } from "./network-faults.ts";

/** The conditions on a node's container, its network namespace or its place in the network. Any later process can lift them. */
export class ComposeConditions implements Conditions {
  readonly #engine: EngineApi;
  readonly #project: string;
  readonly #network: string;
  readonly #faults: FaultContainers;
  readonly #networkFaults: NetworkFaults;

  constructor(engine: EngineApi, project: string, toolsImage: string) {
    this.#engine = engine;
    this.#project = project;
    this.#network = networkOf(project);
    this.#faults = new FaultContainers(engine, project, toolsImage);
    const abilities = new KernelAbilities(this.#faults);
    this.#networkFaults = new NetworkFaults(engine, this.#faults, abilities, { project, toolsImage });
  }

  async unavailable(node: string, kind: ConditionKind): Promise<string | undefined> {
    return this.#unavailable(await this.#node(node), kind);
  }

  /** Nothing to do: a proxy is put before a node, and taken away again, while the node runs. */
  async prepare(node: string): Promise<void> {
    await this.#node(node);
  }

  async impose(name: string, tag: string, condition: Condition, leaseMs: number): Promise<void> {
    const node = await this.#node(name);
    const why = await this.#unavailable(node, condition.kind);
    if (why !== undefined) throw new FaultlineError("FL_FAULT_UNAVAILABLE", `${condition.kind}: ${why}`);
    switch (condition.kind) {
      case "disconnect":
        return disconnect(this.#engine, this.#faults, this.#network, node, tag);
      case "isolate":
      case "delay":
        return this.#networkFaults.impose(node, tag, condition, leaseMs);
      case "cpu":
      case "memory":
        return imposeLoad(this.#engine, node, tag, condition, leaseMs);
      default:
        return condition satisfies never;
    }
  }

  /**
   * Knows only the tag, and a tag has one condition, so it looks for one kind after the other. What a fault container did not say
   * that it took away, and what nobody knows anything of, is looked for in the node's namespace.
   */
  async lift(name: string, tag: string): Promise<void> {
    const node = await this.#node(name);
    const { status, inspect } = node;
    const beside = (await this.#faults.list(name, tag)).filter(({ kind }) => kind === "isolate" || kind === "delay");
    if (beside.length > 0) {
      const clean = await Promise.all(
        beside.map(async ({ id, running }) =>
          running ? this.#faults.stop(id) : this.#faults.discard(id).then(() => false),
        ),
      );
      if (clean.every(Boolean)) return;
    } else {
      if (await reconnect(this.#engine, this.#faults, this.#network, node, tag)) return;
      if (status.state === "running" && (await liftLoad(this.#engine, node, tag)) > 0) return;
    }
    if (status.state !== "down") await this.#networkFaults.sweep(inspect, name, tag);
  }

  async list(): Promise<Imposed[]> {
    const nodes = await this.#nodes();
    const [faults, loads] = await Promise.all([
      this.#faults.list(),
      Promise.all(nodes.map(async (node) => imposedLoads(this.#engine, node))),
    ]);
    // Of a node that is no more, a fault container only waits for its lease.
    const known = new Set(nodes.map(({ status }) => status.name));
    const lasting = faults.filter(({ node, running }) => running && known.has(node));
    const beside = lasting.flatMap(({ node, tag, kind }) =>
      kind === "isolate" || kind === "delay" ? [{ node, tag, kind }] : [],
    );
    return [...beside, ...loads.flat(), ...disconnected(nodes, this.#network, faults)];
  }

  async measure(node: string, kind: ConditionKind): Promise<number | null> {
    const nodes = await this.#nodes();
    return measure(this.#engine, nodes, nodeNamed(nodes, this.#project, node), kind);
  }

  async #unavailable(node: NodeContainer, kind: ConditionKind): Promise<string | undefined> {
    const { name, state } = node.status;
    if (kind === "cpu" || kind === "memory") return loadUnavailable(this.#engine, node);
    if (state === "down") return `${name} is down`;
    if (isDisconnected(node, this.#network)) return `${name} is not on the network ${this.#network}`;
    return kind === "disconnect" ? undefined : this.#networkFaults.unavailable(node, kind);
  }

  async #nodes(): Promise<NodeContainer[]> {
    return nodeContainers(this.#engine, this.#project);
  }

  async #node(name: string): Promise<NodeContainer> {
    return findNode(this.#engine, this.#project, name);
  }
}
