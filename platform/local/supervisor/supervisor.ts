import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import type { Logger } from "pino";
import { boundLog } from "./log-file.ts";
import { type Actual, type Desired, NEW_ACTUAL, NodeFiles, type ProcessSpec } from "./node-files.ts";
import { findMainProcess, nodeProcesses, startProcess } from "./node-process.ts";
import { identityOf, isAlive, signalProcess } from "../../../machine/process-identity.ts";

const BACKOFF_FIRST_MS = 500;
const BACKOFF_LIMIT_MS = 10_000;
/** A node that lived this long was well: its next death begins a new series of restarts. */
const HEALTHY_MS = 30_000;
/** Nobody ends itself by SIGKILL: somebody else killed it, so it may have been well all the time. Not shorter, because the kernel kills as well, for memory. */
const HEALTHY_IF_KILLED_MS = 3_000;

/** @returns the wait before the next start, after `failures` deaths in a row (from 1). */
export function backoffMs(failures: number): number {
  return Math.min(BACKOFF_LIMIT_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 10));
}

function earliestStartMs({ restart_delay_ms: delayMs = 0 }: ProcessSpec, { last_exit }: Actual): number {
  return (last_exit?.at_ms ?? 0) + delayMs;
}

type Exit = { code: number | null; signal: string | null };

/** What the supervisor knows of a node beyond its files. All of it may be lost: `actual.json` and /proc say the rest. */
type NodeMemory = {
  actual: Actual;
  written: string;
  spec?: ProcessSpec;
  child?: ChildProcess;
  /** Set by the child's exit event, which comes a moment after /proc says that it is gone. */
  exit?: Exit;
  /** The process was told to stop; at the deadline it and all its children are killed. */
  stopDeadlineMs?: number;
};

/**
 * Keeps each node as its files want it. Level-triggered: every tick compares wanted and real state and does the one next step, so it may die
 * anywhere and its successor goes on. Nodes are no children in the sense of a lifetime: they outlive it, and are adopted by identity.
 */
export class Supervisor {
  readonly #files: NodeFiles;
  readonly #log: Logger;
  readonly #nodes = new Map<string, NodeMemory>();
  /** Node → what went wrong with its files last, so that the log says it once. */
  readonly #troubles = new Map<string, string>();

  constructor(stateDirectory: string, log: Logger) {
    this.#files = new NodeFiles(stateDirectory);
    this.#log = log;
  }

  /** Looks at every node once. Never throws: what goes wrong with one node is in its `actual.json` and the log. */
  tick(): void {
    for (const name of this.#files.names()) {
      try {
        const spec = this.#files.readSpec(name);
        const desired = this.#files.readDesired(name);
        if (spec !== undefined && desired !== undefined) this.#step(spec, desired, this.#memory(name));
        this.#troubles.delete(name);
      } catch (error) {
        if (this.#troubles.get(name) === String(error)) continue;
        this.#troubles.set(name, String(error));
        this.#log.error({ node: name, err: error }, "tick failed");
      }
    }
  }

  /** Keeps the logs bounded while their writers live. */
  boundLogs(): void {
    for (const name of this.#files.names()) {
      try {
        const spec = this.#files.readSpec(name);
        if (spec !== undefined) boundLog(spec.log);
      } catch (error) {
        this.#log.warn({ node: name, err: error }, "log not bounded");
      }
    }
  }

  /** The state directory is gone: without its files nobody could ever stop the nodes. */
  get stateIsGone(): boolean {
    return !existsSync(this.#files.stateDirectory);
  }

  /** Kills every node that it knows, for when their files are gone. */
  killAll(): void {
    for (const [name, memory] of this.#nodes) {
      this.#log.error({ node: name }, "state directory is gone, killing");
      if (memory.spec !== undefined) this.#killAllOf(memory.spec, memory);
    }
  }

  #memory(name: string): NodeMemory {
    let memory = this.#nodes.get(name);
    if (memory === undefined) {
      const actual = { ...this.#readActual(name) };
      if (actual.process === null || !isAlive(actual.process)) {
        const found = findMainProcess(this.#files.stateDirectory, name);
        if (found !== undefined) {
          Object.assign(actual, {
            process: found,
            state: "running",
            starts: actual.starts + 1,
            started_ms: Date.now(),
          });
          actual.generation = this.#files.readDesired(name)?.generation ?? actual.generation;
        }
      }
      if (actual.process !== null && isAlive(actual.process))
        this.#log.info({ node: name, pid: actual.process.pid }, "adopted");
      memory = { actual, written: "" };
      this.#nodes.set(name, memory);
    }
    return memory;
  }

  /** A damaged record is as good as none: the processes are found by their environment. */
  #readActual(name: string): Actual {
    try {
      return this.#files.readActual(name);
    } catch (error) {
      this.#log.error({ node: name, err: error }, "record is damaged");
      return NEW_ACTUAL;
    }
  }

  #step(spec: ProcessSpec, desired: Desired, memory: NodeMemory): void {
    const { actual } = memory;
    memory.spec = spec;
    if (actual.process !== null && !this.#isOver(memory)) {
      const outdated = desired.generation > actual.generation;
      if (memory.stopDeadlineMs !== undefined) this.#pressStop(spec, memory);
      else if (desired.want === "down" || outdated) this.#beginStop(spec, memory);
      else actual.state = "running";
    } else {
      if (actual.process !== null) this.#noteDeath(spec, memory);
      // Read now, after the death was seen: whoever holds and then kills has written the hold before the kill.
      const held = this.#files.holds(spec.name).all().length > 0;
      this.#stepDead(spec, desired, memory, held);
    }
    actual.holds = this.#files.holds(spec.name).all();
    this.#save(spec.name, memory);
  }

  #stepDead(spec: ProcessSpec, desired: Desired, memory: NodeMemory, held: boolean): void {
    const { actual } = memory;
    const renewed = desired.generation > actual.generation;
    if (desired.want === "down") {
      actual.state = "down";
      actual.failures = 0;
      actual.next_start_ms = null;
    } else if (held) actual.state = "held";
    else if (actual.state === "held" && Date.now() < earliestStartMs(spec, actual)) {
      actual.state = "backoff";
      actual.next_start_ms = earliestStartMs(spec, actual);
    } else if (
      renewed ||
      actual.state === "held" ||
      actual.state === "waiting" ||
      actual.state === "down" ||
      actual.state === "running"
    ) {
      if (renewed) actual.failures = 0;
      this.#start(spec, desired, memory);
    } else if (actual.state === "backoff" && Date.now() >= (actual.next_start_ms ?? 0))
      this.#start(spec, desired, memory);
  }

  /** A child of ours is over when its exit event came (or never will); an adopted process when /proc says so. */
  #isOver(memory: NodeMemory): boolean {
    if (memory.exit !== undefined) return true;
    if (memory.child !== undefined) return false;
    return memory.actual.process === null || !isAlive(memory.actual.process);
  }

  #noteDeath(spec: ProcessSpec, memory: NodeMemory): void {
    const { actual } = memory;
    const now = Date.now();
    const exit = memory.exit ?? { code: null, signal: null };
    actual.last_exit = { ...exit, at_ms: now };
    const wasTold = memory.stopDeadlineMs !== undefined;
    const lived = now - (actual.started_ms ?? now);
    delete memory.child;
    delete memory.exit;
    delete memory.stopDeadlineMs;
    this.#killAllOf(spec, memory);
    actual.process = null;
    this.#log.info({ node: spec.name, ...exit, lived_ms: lived, told: wasTold }, "ended");
    if (wasTold) actual.state = "waiting";
    else if (spec.restart === "on-failure" && exit.code === 0) {
      actual.state = "done";
      actual.error = null;
    } else if (exit.code !== null && spec.fatal_exits[exit.code] !== undefined) {
      actual.state = "failed";
      actual.error = `ended with exit code ${exit.code} (${spec.fatal_exits[exit.code]}), which a new start can't cure; see ${spec.log}`;
    } else {
      const isHealthy = lived >= (exit.signal === "SIGKILL" ? HEALTHY_IF_KILLED_MS : HEALTHY_MS);
      this.#backOff(spec, actual, isHealthy, now);
    }
  }

  #backOff(spec: ProcessSpec, actual: Actual, wasHealthy: boolean, nowMs: number): void {
    actual.failures = wasHealthy ? 1 : actual.failures + 1;
    actual.state = "backoff";
    actual.next_start_ms = Math.max(nowMs + backoffMs(actual.failures), earliestStartMs(spec, actual));
  }

  #start(spec: ProcessSpec, desired: Desired, memory: NodeMemory): void {
    const { actual } = memory;
    // What the last process left behind would hold its ports and files (executors of a dead worker, backends of a dead postmaster).
    this.#killAllOf(spec, memory);
    actual.generation = desired.generation;
    actual.next_start_ms = null;
    const fail = (error: unknown): void => {
      actual.error = `can't be started: ${error instanceof Error ? error.message : String(error)}`;
      this.#log.error({ node: spec.name, err: error }, "start failed");
      this.#backOff(spec, actual, false, Date.now());
    };
    let child: ChildProcess;
    try {
      child = startProcess(this.#files.stateDirectory, spec);
    } catch (error) {
      fail(error);
      return;
    }
    child.unref();
    if (child.pid === undefined) {
      child.once("error", (error) => {
        fail(error);
        this.#save(spec.name, memory);
      });
      // Until the event comes, which is in this turn's wake.
      actual.state = "backoff";
      actual.next_start_ms = Date.now() + BACKOFF_FIRST_MS;
      return;
    }
    child.once("error", (error) => this.#log.warn({ node: spec.name, err: error }, "child"));
    const identity = identityOf(child.pid);
    memory.child = child;
    child.once("exit", (code, signal) => {
      if (memory.child === child) memory.exit = { code, signal };
    });
    actual.process = identity ?? { pid: child.pid, start_ticks: 0, boot_id: "" };
    actual.state = "running";
    actual.starts += 1;
    actual.started_ms = Date.now();
    actual.error = null;
    this.#log.info({ node: spec.name, pid: child.pid, start: actual.starts }, "started");
  }

  #beginStop(spec: ProcessSpec, memory: NodeMemory): void {
    if (memory.actual.process === null) return;
    this.#log.info({ node: spec.name }, "stopping");
    memory.stopDeadlineMs = Date.now() + spec.stop.timeout_ms;
    signalProcess(memory.actual.process, spec.stop.signal);
    // A paused process would only see the signal when it goes on.
    for (const identity of this.#processesOf(spec, memory)) signalProcess(identity, "SIGCONT");
  }

  #pressStop(spec: ProcessSpec, memory: NodeMemory): void {
    if (Date.now() < (memory.stopDeadlineMs ?? 0)) return;
    this.#log.warn({ node: spec.name }, "did not stop in time, killing");
    this.#killAllOf(spec, memory);
  }

  #processesOf(spec: ProcessSpec, memory: NodeMemory) {
    return nodeProcesses(this.#files.stateDirectory, spec, memory.actual.process);
  }

  #killAllOf(spec: ProcessSpec, memory: NodeMemory): void {
    for (const identity of this.#processesOf(spec, memory)) signalProcess(identity, "SIGKILL");
  }

  /** Writes what changed. A full disk is no reason to stop supervising: the next tick tries again. */
  #save(name: string, memory: NodeMemory): void {
    const text = JSON.stringify(memory.actual);
    if (text === memory.written) return;
    this.#files.writeActual(name, memory.actual);
    memory.written = text;
  }
}
