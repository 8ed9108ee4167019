import { FaultlineError } from "../../contract/errors.ts";
import type { Condition, ConditionKind, Imposed } from "../../contract/node.ts";
import { networkOf, type NodeContainer } from "./containers.ts";
import { disconnect, disconnected, isDisconnected, reconnect } from "./disconnect.ts";
import { type ContainerInspect, type EngineApi, isStatus } from "./engine-api.ts";
import { FaultContainers, type FaultLabels, shortHash } from "./fault-container.ts";
import { imposedLoads, imposeLoad, liftLoad, loadUnavailable } from "./load.ts";
import { ISOLATE, isolateRules, NETEM, PROBE, SWEEP } from "./network-scripts.ts";

/** Where the tools image has the repository. */
const DELAY_PROGRAM = "/app/platform/compose/delay-main.ts";
/** The port whose clients a proxy can delay. */
const PROXIED_SERVICE: Record<string, string> = { kafka: "client", postgres: "sql" };

/** Ability → what speaks against it here; undefined: nothing. */
type Abilities = Record<"lease" | "netem" | "proxy", string | undefined>;

/** What can be put on a node's container, its network namespace or its place in the network, and be taken off by whoever comes later. */
export class Conditions {
  readonly #engine: EngineApi;
  readonly #faults: FaultContainers;
  readonly #network: string;
  readonly #toolsImage: string;
  #abilities: Promise<Abilities> | undefined;

  constructor(engine: EngineApi, project: string, toolsImage: string) {
    this.#engine = engine;
    this.#faults = new FaultContainers(engine, project, toolsImage);
    this.#network = networkOf(project);
    this.#toolsImage = toolsImage;
  }

  async unavailable(node: NodeContainer, kind: ConditionKind): Promise<string | undefined> {
    const { name, state } = node.status;
    if (kind === "cpu" || kind === "memory") return loadUnavailable(this.#engine, node);
    if (state === "down") return `${name} is down`;
    if (isDisconnected(node, this.#network)) return `${name} is not on the network ${this.#network}`;
    if (kind === "disconnect") return undefined;
    if (!(await this.#engine.hasImage(this.#toolsImage)))
      return `there is no image ${this.#toolsImage} for the containers that do it; docker compose build chaos`;
    const { lease, netem, proxy } = await this.#probe();
    if (kind === "isolate") return lease === undefined ? undefined : `this kernel's nftables has no timed sets: ${lease}`;
    if (netem === undefined) return undefined;
    if (PROXIED_SERVICE[node.status.kind] === undefined) {
      return `this kernel has no netem (${netem}), and without it only the clients of kafka and postgres can be delayed`;
    }
    const missing = lease ?? proxy;
    return missing === undefined ? undefined : `this kernel has no netem (${netem}), and the proxy for ${name} can't be had: ${missing}`;
  }

  async impose(node: NodeContainer, tag: string, condition: Condition, leaseMs: number): Promise<void> {
    const { kind } = condition;
    const why = await this.unavailable(node, kind);
    if (why !== undefined) throw new FaultlineError("FL_FAULT_UNAVAILABLE", `${kind}: ${why}`);
    const labels: FaultLabels = { node: node.status.name, tag, kind };
    const leaseS = `${Math.ceil(leaseMs / 1000)}`;
    switch (condition.kind) {
      case "disconnect":
        return disconnect(this.#engine, this.#faults, this.#network, node, tag);
      case "isolate": {
        const rules = isolateRules(tableOf(tag), leaseMs);
        return this.#faults.startBeside(node.inspect, labels, ["sh", "-c", ISOLATE, "faultline", tableOf(tag), rules, leaseS]);
      }
      case "delay": {
        const { delay_ms, jitter_ms } = condition;
        const address = this.#addressOf(node);
        const netem = ["sh", "-c", NETEM, "faultline", handleOf(tag), address, `${delay_ms}`, `${jitter_ms}`, leaseS];
        const proxy = Object.entries({
          table: tableOf(tag),
          host: address,
          port: portOf(node),
          "delay-ms": delay_ms,
          "jitter-ms": jitter_ms,
          "lease-ms": leaseMs,
        });
        const proxyArgv = ["node", "--disable-warning=ExperimentalWarning", DELAY_PROGRAM, ...proxy.map(([name, value]) => `--${name}=${value}`)];
        return this.#faults.startBeside(node.inspect, labels, (await this.#probe()).netem === undefined ? netem : proxyArgv);
      }
      case "cpu":
      case "memory":
        return imposeLoad(this.#engine, node, tag, condition, leaseMs);
      default:
        return condition satisfies never;
    }
  }

  /**
   * Knows only the tag, and a tag has one condition, so it looks for one kind after the other. What a fault container did not say that it took
   * away, and what nobody knows anything of, is looked for in the node's namespace.
   */
  async lift(node: NodeContainer, tag: string): Promise<void> {
    const { status } = node;
    const beside = (await this.#faults.list(status.name, tag)).filter(({ kind }) => kind === "isolate" || kind === "delay");
    if (beside.length > 0) {
      const clean = await Promise.all(beside.map(async ({ id, running }) => (running ? this.#faults.stop(id) : this.#faults.discard(id).then(() => false))));
      if (clean.every(Boolean)) return;
    } else {
      if (await reconnect(this.#engine, this.#faults, this.#network, node, tag)) return;
      if (status.state === "running" && (await liftLoad(this.#engine, node, tag)) > 0) return;
    }
    if (status.state !== "down") await this.#sweep(node.inspect, status.name, tag);
  }

  async imposed(nodes: NodeContainer[]): Promise<Imposed[]> {
    const [faults, loads] = await Promise.all([this.#faults.list(), Promise.all(nodes.map(async (node) => imposedLoads(this.#engine, node)))]);
    // Of a node that is no more, a fault container only waits for its lease.
    const known = new Set(nodes.map(({ status }) => status.name));
    const lasting = faults.filter(({ node, running }) => running && known.has(node));
    const beside = lasting.flatMap(({ node, tag, kind }) => (kind === "isolate" || kind === "delay" ? [{ node, tag, kind }] : []));
    return [...beside, ...loads.flat(), ...disconnected(nodes, this.#network, faults)];
  }

  /** In the namespace of a node that goes on, what a killed fault container left. @throws FaultlineError FL_HEAL_FAILED */
  async #sweep(container: ContainerInspect, node: string, tag: string): Promise<void> {
    // Without the image nothing can have been put there.
    if (!(await this.#engine.hasImage(this.#toolsImage))) return;
    let output: string;
    try {
      output = await this.#faults.runOnce(container, { node, tag, kind: "sweep" }, ["sh", "-c", SWEEP, "faultline", tableOf(tag), handleOf(tag)]);
    } catch (error) {
      // The node died meanwhile, and its namespace with it.
      if (isStatus(error, 404, 409)) return;
      throw error;
    }
    if (output.trim() === "clean") return;
    throw new FaultlineError("FL_HEAL_FAILED", `${node}: what fault ${tag} left in its network could not be removed: ${output.trim()}`, {
      remedy: `docker restart ${container.Name.slice(1)}`,
    });
  }

  async #probe(): Promise<Abilities> {
    return (this.#abilities ??= this.#askKernel().catch((error: unknown) => {
      this.#abilities = undefined;
      throw error;
    }));
  }

  async #askKernel(): Promise<Abilities> {
    const output = await this.#faults.runOnce(undefined, { node: "", tag: "", kind: "probe" }, ["sh", "-c", PROBE, "faultline", DELAY_PROGRAM]);
    const ability = (name: string): string | undefined => {
      const answer = new RegExp(`^${name}: (.*)$`, "m").exec(output)?.[1];
      return answer === "" ? undefined : (answer ?? `the probe said nothing of it: ${output.trim()}`).trim();
    };
    return { lease: ability("lease"), netem: ability("netem"), proxy: ability("proxy") };
  }

  #addressOf({ status, inspect }: NodeContainer): string {
    const address = inspect.NetworkSettings.Networks[this.#network]?.IPAddress;
    if (address !== undefined && address !== "") return address;
    throw new FaultlineError("FL_FAULT_UNAVAILABLE", `${status.name} has no address on the network ${this.#network}`);
  }
}

function portOf({ status }: NodeContainer): string {
  return status.addresses[PROXIED_SERVICE[status.kind] ?? ""]?.split(":")[1] ?? "";
}

function tableOf(tag: string): string {
  return `faultline_${shortHash(tag)}`;
}

/** A queueing discipline's handle has 16 bits; 8000 and above are the kernel's own. Our own rest is enough to tell a node's few apart. */
function handleOf(tag: string): string {
  return (1 + (Number.parseInt(shortHash(tag).slice(0, 4), 16) % 0x7ffe)).toString(16);
}
