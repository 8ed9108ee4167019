import { setTimeout as sleep } from "node:timers/promises";
import type { Condition, ConditionKind, Imposed, NodeControl, NodeStatus, ProcessIdentity, ProcessSelector, Role, Signal } from "../../contract/node.ts";
import type { PostgresAddress } from "../../contract/stack.ts";
import { bootId } from "../local/process-identity.ts";
import { activeController, partitionLeader } from "../protocol/kafka-cluster.ts";
import { Conditions } from "./conditions.ts";
import { type NodeContainer, nodeContainers, nodeNamed, stateOf } from "./containers.ts";
import { type ContainerInspect, EngineApi, isStatus } from "./engine-api.ts";
import { measure } from "./measure.ts";
import { findProcesses, identityInside, lookAt, signalInside } from "./process-in-container.ts";
import { nodeIsReady } from "./readiness.ts";

/** The brackets keep the pattern from matching the command line of the one who searches. */
const EXECUTOR_PATTERN = "[C]oarseGrainedExecutorBackend";

/** A SIGTERM that was not obeyed in the time that a fault gives it may still be, on a slow machine. */
const LATE_EXIT_TIMEOUT_MS = 20_000;

export type ComposeOptions = {
  /** Compose's project: the value of the label com.docker.compose.project. */
  project: string;
  /** Docker's socket. */
  socketPath: string;
  /** An image with sh, nft, tc, node and this repository at /app, for what must run in a node's network namespace. */
  toolsImage: string;
  /** Holds producer-status.json and driver-status.json. */
  runDirectory: string;
  /** The pipeline's topic. */
  topic: string;
  postgres: PostgresAddress;
};

/**
 * What the chaos engine may do to the containers of a compose project, through the Docker Engine API. Keeps nothing that another one needs:
 * any number may live at once. Runs inside the project's network.
 */
export class ComposeNodeControl implements NodeControl {
  readonly #options: ComposeOptions;
  readonly #engine: EngineApi;
  readonly #conditions: Conditions;
  /** Container id → the life of it, by StartedAt, that was sent a SIGTERM from here. */
  readonly #terminated = new Map<string, string>();

  constructor(options: ComposeOptions) {
    this.#options = options;
    this.#engine = new EngineApi(options.socketPath);
    this.#conditions = new Conditions(this.#engine, options.project, options.toolsImage);
  }

  async nodes(): Promise<NodeStatus[]> {
    return (await this.#containers()).map(({ status }) => status);
  }

  async processes(name: string, selector: ProcessSelector = "node"): Promise<ProcessIdentity[]> {
    const { status, inspect } = await this.#node(name);
    if (selector === "node") return status.process === undefined ? [] : [status.process];
    if (status.kind !== "spark-worker" || status.state !== "running") return [];
    return (await findProcesses(this.#engine, inspect, EXECUTOR_PATTERN, "cmdline")).map((stat) => identityInside(stat, inspect));
  }

  /**
   * To a container as a whole: SIGKILL and SIGTERM (for which its image may name another) go to its process 1 (the others die with it), SIGSTOP and SIGCONT are Docker's pause and unpause.
   * Docker takes any signal for a manual stop, so a node that dies of it stays down until release().
   */
  async signal(processes: ProcessIdentity[], signal: Signal): Promise<ProcessIdentity[]> {
    const struck: ProcessIdentity[] = [];
    for (const [container, group] of await this.#byContainer(processes)) {
      if (container === undefined) continue;
      const inside = group.filter((item) => !isWhole(item));
      struck.push(...(await signalInside(this.#engine, container, inside, signal)));
      const whole = group.filter(isWhole);
      if (whole.length > 0 && (await this.#signalWhole(container, signal))) struck.push(...whole);
    }
    return struck;
  }

  async processStates(processes: ProcessIdentity[]): Promise<("stopped" | "running" | "gone")[]> {
    const states = new Map<ProcessIdentity, "stopped" | "running">();
    for (const [container, group] of await this.#byContainer(processes)) {
      if (container === undefined) continue;
      const inside = container.State.Paused
        ? []
        : await lookAt(
            this.#engine,
            container,
            group.filter((item) => !isWhole(item)).map(({ pid }) => pid),
          );
      for (const item of group) {
        if (container.State.Paused) states.set(item, "stopped");
        else if (isWhole(item)) states.set(item, "running");
        else {
          const stat = inside.find(({ pid, start_ticks }) => pid === item.pid && start_ticks === item.start_ticks);
          if (stat !== undefined) states.set(item, stat.state === "T" ? "stopped" : "running");
        }
      }
    }
    return processes.map((item) => states.get(item) ?? "gone");
  }

  /** Nothing to tell anybody: Docker leaves a container down that died of a signal through its API. */
  async hold(name: string): Promise<void> {
    await this.#node(name);
  }

  /**
   * Starts it, unless it runs, is paused, or is about to be started by its restart policy. One that was sent a SIGTERM from here and has not obeyed yet
   * gets some time to do so: if it went down after this call, nobody would start it.
   */
  async release(name: string): Promise<void> {
    let { inspect } = await this.#node(name);
    const deadlineMs = Date.now() + LATE_EXIT_TIMEOUT_MS;
    while (inspect.State.Running && this.#terminated.get(inspect.Id) === inspect.State.StartedAt && Date.now() < deadlineMs) {
      await sleep(200);
      inspect = await this.#engine.inspect(inspect.Id);
    }
    if (inspect.State.Running) return;
    try {
      await this.#engine.start(inspect.Id);
    } catch (error) {
      // Somebody was faster.
      if (!(await this.#engine.inspect(inspect.Id)).State.Running) throw error;
    }
  }

  async ready(name: string, sinceMs?: number): Promise<boolean> {
    const { project, runDirectory, postgres } = this.#options;
    return nodeIsReady({ project, runDirectory, postgres, nodes: await this.#containers() }, name, sinceMs);
  }

  /** Asks every Kafka node that runs; of different answers the one with the highest leader epoch counts, and for the controller the most common one. */
  async resolveRole(role: Role): Promise<string | undefined> {
    const brokers = (await this.nodes()).filter((node) => node.kind === "kafka" && node.state === "running").map((node) => node.addresses["client"] ?? "");
    if (role.role === "controller") {
      const ids = await answers(brokers, async (address) => activeController(address));
      const count = (id: number | undefined): number => ids.filter((other) => other === id).length;
      const [id] = ids.filter((item) => item !== undefined).toSorted((a, b) => count(b) - count(a));
      return id === undefined ? undefined : kafkaName(id);
    }
    const leader = await partitionLeader(brokers, this.#options.topic, role.partition);
    return leader === undefined ? undefined : kafkaName(leader);
  }

  async unavailable(name: string, kind: ConditionKind): Promise<string | undefined> {
    return this.#conditions.unavailable(await this.#node(name), kind);
  }

  /** Nothing: a proxy is put before a node, and taken away again, while it runs. */
  async prepare(name: string): Promise<void> {
    await this.#node(name);
  }

  async impose(name: string, tag: string, condition: Condition, leaseMs: number): Promise<void> {
    await this.#conditions.impose(await this.#node(name), tag, condition, leaseMs);
  }

  async lift(name: string, tag: string): Promise<void> {
    await this.#conditions.lift(await this.#node(name), tag);
  }

  async imposed(): Promise<Imposed[]> {
    return this.#conditions.imposed(await this.#containers());
  }

  async measure(name: string, kind: ConditionKind): Promise<number | null> {
    const nodes = await this.#containers();
    return measure(this.#engine, nodes, nodeNamed(nodes, this.#options.project, name), kind);
  }

  async #containers(): Promise<NodeContainer[]> {
    return nodeContainers(this.#engine, this.#options.project);
  }

  async #node(name: string): Promise<NodeContainer> {
    return nodeNamed(await this.#containers(), this.#options.project, name);
  }

  /** Grouped by their container as it is now; under undefined those whose container is gone, down, or in another life. */
  async #byContainer(processes: ProcessIdentity[]): Promise<Map<ContainerInspect | undefined, ProcessIdentity[]>> {
    const ids = [...new Set(processes.flatMap(({ container }) => (container === undefined ? [] : [container.id])))];
    const inspects = await Promise.all(ids.map(async (id) => this.#inspect(id)));
    return Map.groupBy(processes, (item) => inspects.find((inspect) => inspect?.Id === item.container?.id && isSameLife(inspect, item)));
  }

  async #inspect(id: string): Promise<ContainerInspect | undefined> {
    try {
      return await this.#engine.inspect(id);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** @returns whether it got the signal: not when it went into another state meanwhile (409) or is gone (404) */
  async #signalWhole({ Id, State, Config }: ContainerInspect, signal: Signal): Promise<boolean> {
    try {
      if (signal === "SIGSTOP" && !State.Paused) await this.#engine.pause(Id);
      else if (signal === "SIGCONT" && State.Paused) await this.#engine.unpause(Id);
      else if (signal === "SIGKILL" || signal === "SIGTERM") {
        // What asks this node to stop: PostgreSQL takes SIGTERM for "when all clients are gone". And Docker takes only the image's stop signal for a manual stop.
        await this.#engine.kill(Id, signal === "SIGTERM" ? (Config.StopSignal ?? signal) : signal);
        if (signal === "SIGTERM") this.#terminated.set(Id, State.StartedAt);
      }
      return true;
    } catch (error) {
      if (isStatus(error, 404, 409)) return false;
      throw error;
    }
  }
}

function isWhole({ pid, start_ticks }: ProcessIdentity): boolean {
  return pid === 1 && start_ticks === 0;
}

function isSameLife(inspect: ContainerInspect | undefined, { container, boot_id }: ProcessIdentity): boolean {
  return inspect !== undefined && stateOf(inspect) !== "down" && inspect.State.StartedAt === container?.started_at && bootId() === boot_id;
}

async function answers<T>(addresses: string[], ask: (address: string) => Promise<T>): Promise<T[]> {
  const settled = await Promise.allSettled(addresses.map(ask));
  return settled.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}

function kafkaName(id: number): string {
  return `kafka-${id}`;
}
