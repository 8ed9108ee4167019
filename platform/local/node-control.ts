import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../../contract/errors.ts";
import type {
  Condition,
  ConditionKind,
  Imposed,
  NodeControl,
  NodeState,
  NodeStatus,
  ProcessIdentity,
  ProcessSelector,
  Role,
  Signal,
} from "../../contract/node.ts";
import { activeController, partitionLeader } from "../protocol/kafka-cluster.ts";
import { impose, imposed, lift, measure, whyUnavailable } from "./conditions.ts";
import { kafkaName } from "./kafka.ts";
import { prepareLink } from "./link-prepare.ts";
import { isLinkable } from "./links.ts";
import { type Actual, NodeFiles, type ProcessSpec } from "./node-files.ts";
import { nodeProcesses } from "./node-process.ts";
import { isAlive, processState, signalProcess } from "./process-identity.ts";
import { commandLine } from "./process-table.ts";
import { nodeIsReady } from "./readiness.ts";
import { readSettings, type Settings } from "./settings.ts";
import { ensureSupervisor } from "./supervisor-process.ts";

const EXECUTOR_CLASS = "CoarseGrainedExecutorBackend";

/** What the chaos engine may do to a local stack. Keeps nothing in memory: any number may live at once, beside the supervisor. */
export class LocalNodeControl implements NodeControl {
  readonly #stateDirectory: string;
  readonly #files: NodeFiles;

  constructor(stateDirectory: string) {
    this.#stateDirectory = stateDirectory;
    this.#files = new NodeFiles(stateDirectory);
  }

  async nodes(): Promise<NodeStatus[]> {
    return this.#files.names().flatMap((name) => {
      const spec = this.#files.readSpec(name);
      return spec === undefined || spec.link !== undefined ? [] : [this.#status(spec, this.#files.readActual(name))];
    });
  }

  async processes(name: string, selector: ProcessSelector = "node"): Promise<ProcessIdentity[]> {
    const all = nodeProcesses(this.#stateDirectory, this.#spec(name), this.#files.readActual(name).process);
    return selector === "node" ? all : all.filter((identity) => commandLine(identity.pid)?.includes(EXECUTOR_CLASS));
  }

  /** Before a deadly signal it makes sure that somebody is there to start again what dies. */
  async signal(processes: ProcessIdentity[], signal: Signal): Promise<ProcessIdentity[]> {
    const deadly = signal === "SIGKILL" || signal === "SIGTERM";
    if (deadly && this.#files.names().some((name) => this.#files.readDesired(name)?.want === "up")) await ensureSupervisor(this.#stateDirectory);
    return processes.filter((identity) => signalProcess(identity, signal));
  }

  async processStates(processes: ProcessIdentity[]): Promise<("stopped" | "running" | "gone")[]> {
    return processes.map(processState);
  }

  /** Returns when the supervisor has taken note, so that a kill right after can't cross a start that is under way. */
  async hold(name: string): Promise<void> {
    this.#spec(name);
    this.#files.writeHold(name);
    await ensureSupervisor(this.#stateDirectory);
    const deadlineMs = Date.now() + 10_000;
    while (!this.#files.readActual(name).held) {
      if (Date.now() > deadlineMs)
        throw new FaultlineError("FL_NOT_READY", `the supervisor did not take note of the hold of ${name} within 10 s; the hold stays`, {
          remedy: `see supervisor.log in ${this.#stateDirectory}`,
        });
      await sleep(25);
    }
  }

  async release(name: string): Promise<void> {
    this.#files.removeHold(name);
    // A release that comes after `down` must not leave a supervisor behind.
    if (this.#files.readDesired(name)?.want === "up") await ensureSupervisor(this.#stateDirectory);
  }

  async ready(name: string, sinceMs?: number): Promise<boolean> {
    return nodeIsReady(this.#stateDirectory, this.#settings(), await this.nodes(), name, sinceMs);
  }

  /**
   * Asks every Kafka node that runs; of different answers about a leader the one with the highest epoch counts. A controller that does not run is
   * none: with ZooKeeper, brokers name a dead one until there is another.
   */
  async resolveRole(role: Role): Promise<string | undefined> {
    const running = (await this.nodes()).filter((node) => node.kind === "kafka" && node.state === "running");
    const brokers = running.map((node) => node.addresses["client"] ?? "");
    if (role.role === "controller") {
      const answers = await Promise.allSettled(brokers.map(async (address) => activeController(address)));
      const names = answers.flatMap((answer) => (answer.status === "fulfilled" && answer.value !== undefined ? [kafkaName(answer.value)] : []));
      return names.find((name) => running.some((node) => node.name === name));
    }
    const leader = await partitionLeader(brokers, this.#settings().topic, role.partition);
    return leader === undefined ? undefined : kafkaName(leader);
  }

  async unavailable(name: string, kind: ConditionKind): Promise<string | undefined> {
    return whyUnavailable(this.#statusOf(name), kind);
  }

  async prepare(name: string, kind: ConditionKind): Promise<void> {
    const node = this.#statusOf(name);
    const why = whyUnavailable(node, kind);
    if (why !== undefined || !isLinkable(node.kind)) throw new FaultlineError("FL_FAULT_UNAVAILABLE", why ?? `${name} can have no link`);
    await prepareLink(this.#stateDirectory, name, node.kind, async () => this.ready(name));
  }

  async impose(name: string, tag: string, condition: Condition, leaseMs: number): Promise<void> {
    await impose(this.#stateDirectory, this.#statusOf(name), tag, condition, leaseMs);
  }

  async lift(name: string, tag: string): Promise<void> {
    await lift(this.#stateDirectory, name, tag);
  }

  async imposed(): Promise<Imposed[]> {
    return imposed(this.#stateDirectory, await this.nodes());
  }

  async measure(name: string, kind: ConditionKind): Promise<number | null> {
    return measure(this.#statusOf(name), kind);
  }

  #statusOf(name: string): NodeStatus {
    return this.#status(this.#spec(name), this.#files.readActual(name));
  }

  #status(spec: ProcessSpec, actual: Actual): NodeStatus {
    const alive = actual.process !== null && isAlive(actual.process);
    return {
      name: spec.name,
      kind: spec.kind,
      state: alive ? this.#stateOf(spec, actual.process as ProcessIdentity) : "down",
      held: this.#files.isHeld(spec.name),
      ...(alive ? { process: actual.process as ProcessIdentity } : {}),
      starts: actual.starts,
      addresses: spec.addresses,
      log: spec.log,
    };
  }

  #stateOf(spec: ProcessSpec, main: ProcessIdentity): NodeState {
    if (processState(main) !== "stopped") return "running";
    const states = nodeProcesses(this.#stateDirectory, spec, main).map(processState);
    return states.every((state) => state !== "running") ? "paused" : "running";
  }

  #spec(name: string): ProcessSpec {
    const spec = this.#files.readSpec(name);
    if (spec !== undefined && spec.link === undefined) return spec;
    const names = this.#files.names();
    if (names.length === 0) throw new FaultlineError("FL_STACK_DOWN", `there is no stack in ${this.#stateDirectory}`, { remedy: "./faultline up" });
    throw new FaultlineError("FL_USAGE", `there is no node "${name}"; nodes: ${names.join(", ")}`);
  }

  #settings(): Settings {
    const settings = readSettings(this.#stateDirectory);
    if (settings === undefined) throw new FaultlineError("FL_STACK_DOWN", `there is no stack in ${this.#stateDirectory}`, { remedy: "./faultline up" });
    return settings;
  }
}
