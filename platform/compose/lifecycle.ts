import type { Blow, Hold, Life, Lifecycle, LifeStates, Part } from "../../contract/node.ts";
import { waitUntil } from "../../machine/clock.ts";
import type { Signal } from "../../machine/process-identity.ts";
import { findNode, nodeContainers, type NodeContainer } from "./engine/containers.ts";
import { type ContainerInspect, type EngineApi, isStatus } from "./engine/engine-api.ts";
import { findProcesses, signalInside } from "./engine/process-in-container.ts";
import { containerLife, executorLife, type InnerProcess, lifeId, memberOf, withMembers } from "./engine/life.ts";
import { type MemberState, presentOf, statesOf } from "./engine/life-present.ts";

/** The brackets keep the pattern from matching the command line of the search itself. */
const EXECUTOR_PATTERN = "[C]oarseGrainedExecutorBackend";

const SIGNALS: Record<Blow, Signal> = { kill: "SIGKILL", stop: "SIGTERM", pause: "SIGSTOP" };

/** On a slow machine, a node may obey a SIGTERM later than the fault waits for it. */
const LATE_EXIT_TIMEOUT_MS = 20_000;

/**
 * Strikes the containers of a compose project, and starts them again, through the Docker Engine API. A node's life is its container
 * from a start to its end; an executor's life is a process inside. Keeps nothing in memory: any number may live at once.
 */
export class ComposeLifecycle implements Lifecycle {
  readonly holdsExpire =
    "Docker leaves a container down that died of a signal through its API, until somebody starts the container";
  readonly #engine: EngineApi;
  readonly #project: string;

  constructor(engine: EngineApi, project: string) {
    this.#engine = engine;
    this.#project = project;
  }

  async lifeOf(node: string, part: Part): Promise<Life | undefined> {
    const found = await this.#node(node);
    if (part === "node") return found.status.state === "down" ? undefined : containerLife(node, found.inspect);
    const executors = await this.#executors(found);
    return executors.length === 0 ? undefined : executorLife(node, found.inspect, executors);
  }

  /**
   * A blow at a whole container goes to its process 1, and the others die with it; a pause is Docker's freezer. Docker takes any
   * signal for a manual stop, so a node that dies of it stays down until release().
   */
  async strike(life: Life, blow: Blow, spread: boolean): Promise<Life> {
    const node = await this.#node(life.node);
    const { container, processes } = await presentOf(this.#engine, life);
    if (container === undefined) return life;
    if (life.part === "node") {
      await this.#strikeWhole(container, blow);
      return life;
    }
    const signal = SIGNALS[blow];
    await signalInside(this.#engine, container, processes, signal);
    // The successor of a dead executor is Spark's, and not ours to strike as well.
    if (!spread || blow !== "pause" || lifeId(node.inspect) !== lifeId(container)) return life;
    const known = new Set(life.members);
    const fresh = (await this.#executors(node)).filter((process) => !known.has(memberOf(container, process)));
    await signalInside(this.#engine, container, fresh, signal);
    return withMembers(life, [...life.members, ...fresh.map((process) => memberOf(container, process))]);
  }

  async look(life: Life): Promise<LifeStates> {
    const states = await statesOf(this.#engine, life);
    const count = (state: MemberState): number => states.filter((other) => other === state).length;
    return { running: count("running"), paused: count("paused"), gone: count("gone"), main: states[0] ?? "gone" };
  }

  /** Also of a node that the stack has no more: `life` may be in a container of its own. */
  async resume(node: string, life?: Life): Promise<Life | undefined> {
    const now = (await nodeContainers(this.#engine, this.#project)).find(({ status }) => status.name === node);
    const lives = now === undefined || now.status.state === "down" ? [] : [containerLife(node, now.inspect)];
    const all = [...(life === undefined ? [] : [life]), ...lives.filter(({ id }) => id !== life?.id)];
    const resumed: Life[] = [];
    // The whole container first: nothing inside a frozen one can be asked.
    for (const each of all.toSorted((a, b) => Number(a.part === "executor") - Number(b.part === "executor"))) {
      const back = each.part === "node" ? await this.#unpause(each) : await this.#continue(each);
      if (back !== undefined) resumed.push(back);
    }
    const [first, ...others] = resumed;
    return first === undefined
      ? undefined
      : { ...first, members: [first, ...others].flatMap(({ members }) => members) };
  }

  /** Nothing to tell anybody: see holdsExpire. */
  async hold(node: string): Promise<void> {
    await this.#node(node);
  }

  /** Starts the node, unless it runs, is paused, or is about to be started by its restart policy. */
  async release(node: string, _tag: string, struck?: Life): Promise<void> {
    if (struck?.part === "node")
      await waitUntil(LATE_EXIT_TIMEOUT_MS, async () => (await this.look(struck)).main === "gone", { everyMs: 200 });
    const { inspect } = await this.#node(node);
    if (inspect.State.Running) return;
    try {
      await this.#engine.start(inspect.Id);
    } catch (error) {
      // Somebody was faster.
      if (!(await this.#engine.inspect(inspect.Id)).State.Running) throw error;
    }
  }

  async holds(): Promise<Hold[]> {
    return [];
  }

  async #node(name: string): Promise<NodeContainer> {
    return findNode(this.#engine, this.#project, name);
  }

  async #executors({ status, inspect }: NodeContainer): Promise<InnerProcess[]> {
    if (status.kind !== "spark-worker" || status.state !== "running") return [];
    return findProcesses(this.#engine, inspect, EXECUTOR_PATTERN, "cmdline");
  }

  async #unpause(life: Life): Promise<Life | undefined> {
    const { container } = await presentOf(this.#engine, life);
    if (container === undefined || !container.State.Paused) return undefined;
    await this.#inItsState(() => this.#engine.unpause(container.Id));
    return life;
  }

  async #continue(life: Life): Promise<Life | undefined> {
    const states = await statesOf(this.#engine, life);
    const { container, processes } = await presentOf(this.#engine, life);
    const stopped = processes.filter((_, index) => states[index] === "paused");
    if (container === undefined || stopped.length === 0) return undefined;
    await signalInside(this.#engine, container, stopped, "SIGCONT");
    return withMembers(
      life,
      stopped.map((process) => memberOf(container, process)),
    );
  }

  async #strikeWhole({ Id, State, Config }: ContainerInspect, blow: Blow): Promise<void> {
    switch (blow) {
      case "kill":
        return this.#inItsState(() => this.#engine.kill(Id, SIGNALS.kill));
      case "stop":
        // The image names the signal that asks this node to stop: PostgreSQL takes SIGTERM for "when all clients are gone". And
        // Docker takes only the image's stop signal for a manual stop.
        return this.#inItsState(() => this.#engine.kill(Id, Config.StopSignal ?? SIGNALS.stop));
      case "pause":
        return State.Paused ? undefined : this.#inItsState(() => this.#engine.pause(Id));
      default:
        return blow satisfies never;
    }
  }

  /** Passes over a container that went into another state meanwhile (409) or is gone (404). */
  async #inItsState(call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (!isStatus(error, 404, 409)) throw error;
    }
  }
}
