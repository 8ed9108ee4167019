import { FaultlineError } from "../contract/errors.ts";
import type { NodeControl, NodeKind, NodeStatus, ProcessIdentity, ProcessSelector } from "../contract/node.ts";
import type { Undo } from "../contract/journal.ts";
import type { FaultKind, PlannedFault } from "../contract/plan.ts";
import { type Clock, poll } from "./clock.ts";
import { answerOf } from "./port-answer.ts";
import { sameProcess } from "./process-identity.ts";

/** One fault about to be done, or being done, to one node. */
export type Strike = {
  control: NodeControl;
  clock: Clock;
  planned: PlannedFault;
  /** Unique over all runs of a machine: a condition is put on a node, and found there again, under this name. */
  tag: string;
  node: string;
  nodeKind: NodeKind;
  /** "executor": only the Spark executors below the worker `node`. */
  selector: ProcessSelector;
  /** The processes struck, the node's main process first. Listed just before the injection; `inject` adds those that appear meanwhile. */
  processes: ProcessIdentity[];
  /** How often the supervisor had started the node before the fault. */
  startsBefore: number;
  /** The injection began, ms since 1970. */
  atMs: number;
  /** Round trips before the fault, ms; the probe of a delay puts them here. */
  baseline?: { medianMs: number; fastestMs: number };
  /** Whether a condition was still there when it was to be taken off; `heal` puts it here. */
  lasted?: boolean;
  /** Aborted: stop waiting for the effect, so that the fault is healed at once. */
  signal?: AbortSignal;
};

export type Effect = { effective: boolean; proof: string };

/** How one kind of fault is done and taken back. Each lives in a file of its own, in faults/. */
export type Fault = {
  kind: FaultKind;
  /** How long a fault in good health may take from its journal line to the effect probe's answer; after that (and its hold) the watchdog heals. */
  injectLeaseMs: number;
  /** @returns why this fault can't be done to this node now, or undefined. May measure what the effect is held against; changes nothing. */
  probe(strike: Strike): Promise<string | undefined>;
  /** What takes the fault back, complete by itself; journaled before `inject`. */
  undo(strike: Strike): Undo;
  inject(strike: Strike): Promise<void>;
  /** Did it bite? Waits for the effect, for a bounded time. */
  effect(strike: Strike): Promise<Effect>;
  heal(strike: Strike): Promise<void>;
  /** @param effective whether it had bitten. @returns what was seen. @throws FaultlineError FL_HEAL_FAILED */
  verify(strike: Strike, effective: boolean): Promise<string>;
};

/** Time beyond the hold that an engine in good health needs to send signals and see them obeyed. */
export const SIGNAL_LEASE_MS = 30_000;
/** A SIGTERM not obeyed for this long did not stop the node. */
export const STOP_TIMEOUT_MS = 10_000;
/** From release to a running process: the supervisor only has to fork. */
export const START_TIMEOUT_MS = 30_000;
/** Spark's worker tells the master, the master schedules, a JVM starts. */
export const EXECUTOR_TIMEOUT_MS = 60_000;

export async function statusOf(control: NodeControl, name: string): Promise<NodeStatus | undefined> {
  return (await control.nodes()).find((node) => node.name === name);
}

/** What every fault needs: a node that runs, that nobody holds, with a process to strike. */
export async function probeRunning({ control, node, selector, processes }: Strike): Promise<string | undefined> {
  const status = await statusOf(control, node);
  if (status === undefined) return `there is no node ${node}`;
  if (status.held === true) return `${node} is held down already`;
  if (status.state !== "running") return `${node} is ${status.state}`;
  if (processes.length === 0) return selector === "executor" ? `${node} has no executor` : `${node} has no process`;
  return undefined;
}

/**
 * Sends a fatal signal to the struck processes and to those of the node that appear meanwhile (a worker may be about to fork
 * an executor), until a listing brings no new one. Only for a node that its supervisor holds, or that can't die of the signal:
 * else the new ones may be the node's next life.
 */
export async function signalAll(strike: Strike, signal: "SIGKILL" | "SIGTERM" | "SIGSTOP"): Promise<void> {
  await strike.control.signal(strike.processes, signal);
  for (let round = 0; round < 10; round++) {
    const listed = await strike.control.processes(strike.node, strike.selector);
    const fresh = listed.filter((process) => !strike.processes.some((known) => sameProcess(known, process)));
    // A killed executor's successor is Spark's, not ours to kill as well.
    if (fresh.length === 0 || (strike.selector === "executor" && signal !== "SIGSTOP")) return;
    strike.processes.push(...fresh);
    await strike.control.signal(fresh, signal);
  }
}

/** Waits until every struck process is gone. */
export async function effectGone(strike: Strike, timeoutMs: number): Promise<Effect> {
  const { control, clock, processes } = strike;
  const startMs = clock.monotonic();
  const left = async (): Promise<ProcessIdentity[]> => {
    const states = await control.processStates(processes);
    return processes.filter((_, index) => states[index] !== "gone");
  };
  const gone = await poll(clock, timeoutMs, async () => ((await left()).length === 0 ? true : undefined), {
    everyMs: 50,
    ...(strike.signal !== undefined && { signal: strike.signal }),
  });
  const tookMs = Math.round(clock.monotonic() - startMs);
  const noun = strike.selector === "executor" ? "executor process" : "process";
  if (gone === true)
    return { effective: true, proof: `${processes.length} ${noun}${processes.length === 1 ? "" : "es"} gone after ${tookMs} ms (${pids(processes)})` };
  return { effective: false, proof: `${noun} still there after ${tookMs} ms: ${pids(await left())}` };
}

/**
 * Waits until what was struck runs again: a node that the supervisor has started anew, or another executor.
 * @throws FaultlineError FL_HEAL_FAILED
 */
export async function verifyRunsAgain(strike: Strike, effective: boolean): Promise<string> {
  const { control, clock, node, nodeKind, processes, startsBefore } = strike;
  if (strike.selector === "executor") {
    if (!effective) return "nothing to undo: Spark restarts executors by itself";
    const other = await poll(clock, EXECUTOR_TIMEOUT_MS, async () => {
      const listed = await control.processes(node, "executor");
      return listed.find((process) => !processes.some((old) => sameProcess(old, process)));
    });
    if (other !== undefined) return `another executor runs on ${node}, ${pids([other])}`;
    throw new FaultlineError("FL_HEAL_FAILED", `${node}: Spark started no other executor within ${EXECUTOR_TIMEOUT_MS / 1000} s`, {
      remedy: `see the worker's log, then: ./faultline heal`,
    });
  }
  const proof = await poll(clock, START_TIMEOUT_MS, async () => {
    const status = await statusOf(control, node);
    if (status === undefined || status.held === true) return undefined;
    const { state, starts, process } = status;
    // A producer may have been near its end, and be started, finished and gone again before we look.
    if (nodeKind === "producer" && starts > startsBefore) return `started again (start ${starts})`;
    if (state !== "running") return undefined;
    if (!effective) return `${node} runs`;
    if (process === undefined) return starts > startsBefore ? `${node} runs again (start ${starts})` : undefined;
    return processes.some((old) => sameProcess(old, process)) ? undefined : `${node} runs again, ${pids([process])} (start ${starts})`;
  });
  if (proof !== undefined) return proof;
  throw new FaultlineError("FL_HEAL_FAILED", `${node} was released but does not run after ${START_TIMEOUT_MS / 1000} s`, {
    remedy: `./faultline heal; if that fails too: ./faultline up`,
  });
}

/** Beyond this a port that accepts is somebody else's, such as a proxy's. */
const PORTS_TIMEOUT_MS = 1_000;

/** The effect of a fault that leaves the node down: its processes are gone; what is said of its ports is evidence besides. */
export async function effectDown(strike: Strike): Promise<Effect> {
  const effect = await effectGone(strike, STOP_TIMEOUT_MS);
  if (!effect.effective || strike.selector === "executor") return effect;
  const status = await statusOf(strike.control, strike.node);
  const ask = async (): Promise<string[]> =>
    Promise.all(Object.entries(status?.addresses ?? {}).map(async ([service, address]) => `${service} ${address} ${await answerOf(address)}`));
  // A process whose first thread is gone still ends the others, and with the last of them its sockets.
  const closed = await poll(strike.clock, PORTS_TIMEOUT_MS, async () => {
    const answers = await ask();
    return answers.some((answer) => answer.endsWith(" accepts")) ? undefined : answers;
  });
  const ports = closed ?? (await ask());
  return { effective: true, proof: [effect.proof, `${strike.node} is ${status?.state ?? "unknown"}`, ...ports].join("; ") };
}

/** The undo of every fault that makes the node die: give it back to its supervisor. Also of one that nobody holds: see restart. */
export function undoDown({ node, selector }: Strike): Undo {
  return { node, resume: [], release: selector === "node" };
}

/** "pid 12, 13 and 4 more"; a container that stands for all processes in it is "container 1a2b3c4d5e6f". */
export function pids(processes: readonly ProcessIdentity[]): string {
  const whole = processes.flatMap(({ container, start_ticks }) => (container !== undefined && start_ticks === 0 ? [container.id.slice(0, 12)] : []));
  const single = processes.filter(({ container, start_ticks }) => container === undefined || start_ticks !== 0).map(({ pid }) => String(pid));
  return [...firstFew("container", whole), ...firstFew("pid", single)].join(", ") || "no process";
}

function firstFew(noun: string, names: string[]): string[] {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return names.length === 0 ? [] : [`${noun} ${names.slice(0, 5).join(", ")}${more}`];
}
