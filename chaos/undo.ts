import { FaultlineError } from "../contract/errors.ts";
import type { Undo } from "../contract/journal.ts";
import type { NodeControl, ProcessIdentity } from "../contract/node.ts";
import { type Clock, poll } from "./clock.ts";
import { liftCondition } from "./lift.ts";
import { sameProcess } from "./process-identity.ts";
import { pids, START_TIMEOUT_MS, statusOf } from "./strike.ts";

/** SIGCONT works at once, unless the process is in uninterruptible sleep. */
const RESUME_TIMEOUT_MS = 5000;

/**
 * Takes a fault back knowing only its journaled undo: lifts, resumes, releases, and verifies. Doing it twice does no harm: lifting
 * what is not there, SIGCONT to a running process and release of a node that nobody holds change nothing. Where nodes can't be held (`held`
 * undefined: a container that was killed by its engine's API stays down), it is the release that starts the node again.
 * @returns what was seen, as one sentence.
 * @throws FaultlineError FL_HEAL_FAILED naming node, pids and the command to type.
 */
export async function applyUndo(control: NodeControl, undo: Undo, clock: Clock): Promise<string> {
  const { node, resume, release, lift } = undo;
  const known = (await statusOf(control, node)) !== undefined;
  // First, and on its own: it needs no process of the node.
  const lifted = known && lift !== undefined ? [await liftCondition(control, node, lift, clock)] : [];
  const resumed = await resumeAll(control, known ? node : undefined, resume, clock);
  const proof = [...lifted, resumed > 0 ? `${resumed} processes resumed, none of ${node} stopped` : `no process of ${node} stopped`];
  if (!known) return `${proof.join("; ")}; the stack has no such node any more`;
  if (!release) return proof.join("; ");

  await control.release(node);
  const up = await poll(clock, START_TIMEOUT_MS, async () => {
    const status = await statusOf(control, node);
    if (status === undefined) return "the stack has no such node any more";
    if (status.held === true) return undefined;
    if (status.state === "running") return `released, runs${status.process === undefined ? "" : ` with ${pids([status.process])}`}`;
    // The one kind of node that ends by itself: down and not held is a lawful end for it.
    return status.kind === "producer" ? "released; not running (a producer may have come to its end)" : undefined;
  });
  if (up === undefined) {
    throw new FaultlineError("FL_HEAL_FAILED", `${node} was released but does not run after ${START_TIMEOUT_MS / 1000} s`, {
      remedy: "./faultline up; then ./faultline heal",
    });
  }
  return [...proof, up].join("; ");
}

/**
 * Resumes the given processes and every stopped one of the node, until none is stopped.
 * @returns how many were found stopped.
 * @throws FaultlineError FL_HEAL_FAILED
 */
export async function resumeAll(control: NodeControl, node: string | undefined, processes: readonly ProcessIdentity[], clock: Clock): Promise<number> {
  const resumed: ProcessIdentity[] = [];
  let stopped: ProcessIdentity[] = [];
  const done = await poll(
    clock,
    RESUME_TIMEOUT_MS,
    async () => {
      const listed = node === undefined ? [] : await control.processes(node);
      const all = [...processes, ...listed.filter((process) => !processes.some((other) => sameProcess(other, process)))];
      const states = await control.processStates(all);
      stopped = all.filter((_, index) => states[index] === "stopped");
      if (stopped.length === 0) return true;
      for (const process of stopped) if (!resumed.some((other) => sameProcess(other, process))) resumed.push(process);
      await control.signal(stopped, "SIGCONT");
      return undefined;
    },
    { everyMs: 20 },
  );
  if (done === true) return resumed.length;
  throw new FaultlineError("FL_HEAL_FAILED", `${node ?? "a node"}: still stopped after SIGCONT: ${pids(stopped)}`, {
    // A pid in a container means nothing out here.
    remedy: stopped.some(({ container }) => container !== undefined) ? "./faultline heal" : `kill -CONT ${stopped.map(({ pid }) => pid).join(" ")}`,
  });
}
