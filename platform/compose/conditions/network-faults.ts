import { FaultlineError } from "../../../contract/errors.ts";
import type { Condition } from "../../../contract/node.ts";
import { networkOf, type NodeContainer } from "../engine/containers.ts";
import { type ContainerInspect, type EngineApi, isStatus } from "../engine/engine-api.ts";
import { type FaultContainers, shortHash } from "./fault-container.ts";
import type { KernelAbilities } from "./kernel-abilities.ts";
import { DELAY_PROGRAM, ISOLATE, isolateRules, NETEM, SWEEP } from "./network-scripts.ts";

/** The port whose clients a proxy can delay. */
const PROXIED_SERVICE: Record<string, string> = { kafka: "client", postgres: "sql" };

type NetworkCondition = Extract<Condition, { kind: "isolate" | "delay" }>;

/** Isolate and delay: done by a fault container in the node's network namespace. */
export class NetworkFaults {
  readonly #engine: EngineApi;
  readonly #faults: FaultContainers;
  readonly #abilities: KernelAbilities;
  readonly #network: string;
  readonly #toolsImage: string;

  constructor(
    engine: EngineApi,
    faults: FaultContainers,
    abilities: KernelAbilities,
    options: { project: string; toolsImage: string },
  ) {
    this.#engine = engine;
    this.#faults = faults;
    this.#abilities = abilities;
    this.#network = networkOf(options.project);
    this.#toolsImage = options.toolsImage;
  }

  /** Why this can't be put on this node, which runs and is on the network. */
  async unavailable({ status }: NodeContainer, kind: NetworkCondition["kind"]): Promise<string | undefined> {
    if (!(await this.#engine.hasImage(this.#toolsImage)))
      return `there is no image ${this.#toolsImage} for the containers that do it; docker compose build chaos`;
    const { lease, netem, proxy } = await this.#abilities.get();
    if (kind === "isolate")
      return lease === undefined ? undefined : `this kernel's nftables has no timed sets: ${lease}`;
    if (netem === undefined) return undefined;
    if (PROXIED_SERVICE[status.kind] === undefined) {
      return `this kernel has no netem (${netem}), and without it only the clients of kafka and postgres can be delayed`;
    }
    const missing = lease ?? proxy;
    return missing === undefined
      ? undefined
      : `this kernel has no netem (${netem}), and the proxy for ${status.name} is not available: ${missing}`;
  }

  async impose(node: NodeContainer, tag: string, condition: NetworkCondition, leaseMs: number): Promise<void> {
    const argv =
      condition.kind === "isolate" ? isolateArgv(tag, leaseMs) : await this.#delayArgv(node, tag, condition, leaseMs);
    await this.#faults.startBeside(node.inspect, { node: node.status.name, tag, kind: condition.kind }, argv);
  }

  /** In the namespace of a node that goes on, what a killed fault container left. @throws FaultlineError FL_HEAL_FAILED */
  async sweep(container: ContainerInspect, node: string, tag: string): Promise<void> {
    // Without the image nothing can have been put there.
    if (!(await this.#engine.hasImage(this.#toolsImage))) return;
    const argv = ["sh", "-c", SWEEP, "faultline", tableOf(tag), handleOf(tag)];
    let output: string;
    try {
      output = await this.#faults.runOnce(container, { node, tag, kind: "sweep" }, argv);
    } catch (error) {
      // The node died meanwhile, and its namespace with it.
      if (isStatus(error, 404, 409)) return;
      throw error;
    }
    if (output.trim() === "clean") return;
    throw new FaultlineError(
      "FL_HEAL_FAILED",
      `${node}: what fault ${tag} left in its network could not be removed: ${output.trim()}`,
      { remedy: `docker restart ${container.Name.slice(1)}` },
    );
  }

  async #delayArgv(
    node: NodeContainer,
    tag: string,
    { delay_ms, jitter_ms }: Extract<Condition, { kind: "delay" }>,
    leaseMs: number,
  ): Promise<string[]> {
    const address = this.#addressOf(node);
    const leaseS = secondsOf(leaseMs);
    if ((await this.#abilities.get()).netem === undefined)
      return ["sh", "-c", NETEM, "faultline", handleOf(tag), address, `${delay_ms}`, `${jitter_ms}`, leaseS];
    const options = Object.entries({
      table: tableOf(tag),
      host: address,
      port: portOf(node),
      "delay-ms": delay_ms,
      "jitter-ms": jitter_ms,
      "lease-ms": leaseMs,
    });
    return [
      "node",
      "--disable-warning=ExperimentalWarning",
      DELAY_PROGRAM,
      ...options.map(([name, value]) => `--${name}=${value}`),
    ];
  }

  #addressOf({ status, inspect }: NodeContainer): string {
    const address = inspect.NetworkSettings.Networks[this.#network]?.IPAddress;
    if (address !== undefined && address !== "") return address;
    throw new FaultlineError("FL_FAULT_UNAVAILABLE", `${status.name} has no address on the network ${this.#network}`);
  }
}

function isolateArgv(tag: string, leaseMs: number): string[] {
  const table = tableOf(tag);
  return ["sh", "-c", ISOLATE, "faultline", table, isolateRules(table, leaseMs), secondsOf(leaseMs)];
}

function secondsOf(leaseMs: number): string {
  return `${Math.ceil(leaseMs / 1000)}`;
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
