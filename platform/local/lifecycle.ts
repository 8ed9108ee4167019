import { FaultlineError } from "../../contract/errors.ts";
import type { Blow, Hold, Life, Lifecycle, LifeStates, Part } from "../../contract/node.ts";
import type { ProcessIdentity } from "../../contract/process.ts";
import { systemClock, waitUntil } from "../../machine/clock.ts";
import { identityText, isAlive, processState, type Signal, signalProcess } from "../../machine/process-identity.ts";
import { members, toLife, union } from "./supervisor/life.ts";
import { isExecutor } from "./supervisor/marked-processes.ts";
import { NodeFiles } from "./supervisor/node-files.ts";
import { nodeProcesses } from "./supervisor/node-process.ts";
import { ensureSupervisor } from "./supervisor/supervisor-process.ts";

const SIGNALS: Record<Blow, Signal> = { kill: "SIGKILL", stop: "SIGTERM", pause: "SIGSTOP" };
const IS_DEADLY: Record<Blow, boolean> = { kill: true, stop: true, pause: false };
/** Listings until one brings no new process. */
const SPREAD_ROUNDS = 10;
/** Rounds of a pause, and how long a process may take to stop before it is likely in vfork(2). */
const PAUSE_ROUNDS = 5;
const VFORK_TIMEOUT_MS = 200;
const HOLD_TIMEOUT_MS = 10_000;

/**
 * Strikes, holds and lets go of the nodes of a local stack. Keeps nothing in memory: any number may live at once, beside the
 * supervisor. A member of a life is the identity of one process; the main process is the first, and names the life.
 */
export class LocalLifecycle implements Lifecycle {
  readonly holdsExpire = undefined;
  readonly #files: NodeFiles;

  constructor(stateDirectory: string) {
    this.#files = new NodeFiles(stateDirectory);
  }

  async lifeOf(node: string, part: Part): Promise<Life | undefined> {
    const present = this.#present(node, part);
    if (present[0] === undefined || (part === "node" && !this.#isMain(node, present[0]))) return undefined;
    const id = part === "node" ? identityText(present[0]) : present.map(identityText).join(" ");
    return toLife({ node, part, id }, present);
  }

  /** Before a deadly blow it makes sure that somebody is there to start again what dies. */
  async strike(life: Life, blow: Blow, spread: boolean): Promise<Life> {
    const { node, part } = life;
    this.#files.nodeSpec(node);
    if (IS_DEADLY[blow] && this.#files.names().some((name) => this.#isWantedUp(name)))
      await ensureSupervisor(this.#files.stateDirectory);
    const struck = members(life);
    // The successor of a dead executor is Spark's, and not ours to strike as well.
    const grows = spread && (part === "node" || !IS_DEADLY[blow]);
    if (IS_DEADLY[blow]) this.#signal(life, struck, SIGNALS[blow], grows);
    else await this.#pause(life, struck, SIGNALS[blow], grows);
    return toLife(life, struck);
  }

  async look(life: Life): Promise<LifeStates> {
    const states = members(life).map(processState);
    const count = (state: string): number => states.filter((other) => other === state).length;
    const main = states[0] ?? "gone";
    return {
      running: count("running"),
      paused: count("stopped"),
      gone: count("gone"),
      main: main === "stopped" ? "paused" : main,
    };
  }

  async resume(node: string, life?: Life): Promise<Life | undefined> {
    const spec = this.#files.readSpec(node);
    const known = spec === undefined || spec.link !== undefined ? [] : this.#present(node, "node");
    const stopped = union(life === undefined ? [] : members(life), known).filter(
      (identity) => processState(identity) === "stopped",
    );
    for (const identity of stopped) signalProcess(identity, "SIGCONT");
    const [first] = stopped;
    if (first === undefined) return undefined;
    return toLife(life ?? { node, part: "node", id: identityText(known[0] ?? first) }, stopped);
  }

  async hold(node: string, tag: string, untilMs: number): Promise<void> {
    this.#files.nodeSpec(node);
    const holds = this.#files.holds(node);
    holds.sweep();
    holds.write({ tag, until_ms: untilMs });
    await ensureSupervisor(this.#files.stateDirectory);
    const isNoted = (): boolean =>
      this.#files.readActual(node).holds.some((noted) => noted.tag === tag && noted.until_ms === untilMs);
    // A hold that is over before it is noted holds nothing.
    if (await waitUntil(HOLD_TIMEOUT_MS, () => isNoted() || Date.now() >= untilMs, { everyMs: 25 })) return;
    throw new FaultlineError(
      "FL_NOT_READY",
      `the supervisor did not take note of the hold of ${node} within ${HOLD_TIMEOUT_MS / 1000} s; the hold stays until its time is over`,
      { remedy: `see supervisor.log in ${this.#files.stateDirectory}` },
    );
  }

  async release(node: string, tag: string): Promise<void> {
    this.#files.holds(node).remove(tag);
    // A release that comes after `down` must not leave a supervisor behind.
    if (this.#isWantedUp(node)) await ensureSupervisor(this.#files.stateDirectory);
  }

  async holds(): Promise<Hold[]> {
    return this.#files.names().flatMap((node) =>
      this.#files
        .holds(node)
        .all()
        .map((lease): Hold => ({ node, ...lease })),
    );
  }

  /**
   * The main process is stopped first, so that it can't fork what we would miss. A parent in vfork(2) (a shell, a JVM that starts
   * a process) waits uninterruptibly until its child has exec'd: a child stopped before that keeps the parent from stopping. So
   * the children go on for a moment; the parent's SIGSTOP stays pending.
   */
  async #pause(life: Life, struck: ProcessIdentity[], signal: Signal, grows: boolean): Promise<void> {
    const noneRuns = (): boolean => !struck.some((identity) => processState(identity) === "running");
    for (let round = 0; round < PAUSE_ROUNDS; round++) {
      this.#signal(life, struck, signal, grows);
      if (await waitUntil(VFORK_TIMEOUT_MS, noneRuns, { everyMs: 10 })) return;
      for (const identity of struck.slice(1)) signalProcess(identity, "SIGCONT");
      await systemClock.sleep(20);
    }
  }

  /** @param struck gets the processes that appeared meanwhile. */
  #signal(life: Life, struck: ProcessIdentity[], signal: Signal, grows: boolean): void {
    for (const identity of struck) signalProcess(identity, signal);
    const rounds = grows ? SPREAD_ROUNDS : 0;
    for (let round = 0; round < rounds; round++) {
      if (this.#hasNextLife(life)) return;
      const fresh = union(struck, this.#present(life.node, life.part)).slice(struck.length);
      if (fresh.length === 0) return;
      for (const identity of fresh) signalProcess(identity, signal);
      struck.push(...fresh);
    }
  }

  /** The processes of the node, or its executors, that are there now. */
  #present(node: string, part: Part): ProcessIdentity[] {
    const spec = this.#files.nodeSpec(node);
    const all = nodeProcesses(this.#files.stateDirectory, spec, this.#files.readActual(node).process);
    return part === "node" ? all : all.filter(isExecutor);
  }

  #isMain(node: string, identity: ProcessIdentity): boolean {
    const main = this.#files.readActual(node).process;
    return main !== null && identityText(main) === identityText(identity);
  }

  /** Whether the node has been started since this life began: then what is there now is not this life's. */
  #hasNextLife({ node, part, id }: Life): boolean {
    const main = this.#files.readActual(node).process;
    return part === "node" && main !== null && isAlive(main) && identityText(main) !== id;
  }

  #isWantedUp(node: string): boolean {
    return this.#files.readDesired(node)?.want === "up";
  }
}
