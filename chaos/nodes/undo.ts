import { isAbsent, required } from "../../contract/capability.ts";
import { FaultlineError } from "../../contract/errors.ts";
import type { Undo } from "../../contract/journal.ts";
import type { Imposed, Life, Lifecycle, NodeControl } from "../../contract/node.ts";
import { type Clock, poll } from "../../machine/clock.ts";
import { statusOf } from "./node-status.ts";

/** From release to a running process: the supervisor only has to fork. */
export const START_TIMEOUT_MS = 30_000;
/** SIGCONT works at once, unless the process is in uninterruptible sleep. */
const RESUME_TIMEOUT_MS = 5000;
/** Taking a condition off is one call to kernel or engine; a busy machine may need several tries. */
const LIFT_TIMEOUT_MS = 30_000;

/**
 * Takes a fault back knowing only its journaled undo: lifts, resumes, releases, finishes a failover, and verifies. Doing it twice does no harm: a
 * condition that is not there, a running process and a node that nobody holds stay as they are. Where nodes can't be held
 * (`held` undefined), the release is what starts the node again.
 * @returns what was seen, as one sentence.
 * @throws FaultlineError FL_HEAL_FAILED naming the node, what could not be undone and the command to type.
 */
export async function applyUndo(control: NodeControl, undo: Undo, clock: Clock): Promise<string> {
  const { node, life, release, lift, failover } = undo;
  const status = await statusOf(control, node);
  const proof: string[] = [];
  // First, and on its own: it needs no process of the node.
  if (status !== undefined && lift !== undefined) proof.push(await liftCondition(control, node, lift, clock));
  // Without a lifecycle nothing can have been stopped here, unless the journal says so.
  const resumable = !isAbsent(control.lifecycle) && status?.lacks?.lifecycle === undefined;
  if (resumable || life !== undefined) {
    const resumed = await resumeAll(required(control.lifecycle, "FL_HEAL_FAILED"), node, life, clock);
    const processes = resumed === 1 ? "process" : "processes";
    proof.push(
      resumed > 0 ? `${resumed} ${processes} resumed, none of ${node} stopped` : `no process of ${node} stopped`,
    );
  }
  if (status === undefined) proof.push("the stack has no such node any more");
  else if (release !== undefined) proof.push(await releaseNode(control, node, release, life, clock));
  // After the release: a server that is held down can neither be promoted nor follow.
  if (failover === true) proof.push(await required(control.failover, "FL_HEAL_FAILED").restore());
  return proof.join("; ");
}

async function releaseNode(
  control: NodeControl,
  node: string,
  tag: string,
  life: Life | undefined,
  clock: Clock,
): Promise<string> {
  const lifecycle = required(control.lifecycle, "FL_HEAL_FAILED");
  await lifecycle.release(node, tag, life);
  const up = await poll(clock, START_TIMEOUT_MS, async () => {
    const status = await statusOf(control, node);
    if (status === undefined) return "the stack has no such node any more";
    if (status.held === true) {
      const others = (await lifecycle.holds()).filter((hold) => hold.node === node && hold.tag !== tag);
      return others.length === 0 ? undefined : `released; ${others.map((hold) => hold.tag).join(", ")} still holds it`;
    }
    if (status.state === "running") {
      const now = await lifecycle.lifeOf(node, "node");
      return `released, runs${now === undefined ? "" : ` with ${now.text}`}`;
    }
    // The one kind of node that ends by itself: down and not held is a lawful end for it.
    return status.kind === "producer" ? "released; not running (a producer may have come to its end)" : undefined;
  });
  if (up !== undefined) return up;
  throw new FaultlineError(
    "FL_HEAL_FAILED",
    `${node} was released but does not run after ${START_TIMEOUT_MS / 1000} s`,
    { remedy: "./faultline up; then ./faultline heal" },
  );
}

/**
 * Lets whatever is stopped of the node, and of the given life, go on, until nothing is stopped.
 * @returns how many processes (or containers) were found stopped.
 * @throws FaultlineError FL_HEAL_FAILED
 */
export async function resumeAll(
  lifecycle: Lifecycle,
  node: string,
  life: Life | undefined,
  clock: Clock,
): Promise<number> {
  const resumed = new Set<string>();
  let stopped: Life | undefined;
  const done = await poll(
    clock,
    RESUME_TIMEOUT_MS,
    async () => {
      stopped = await lifecycle.resume(node, life);
      for (const member of stopped?.members ?? []) resumed.add(member);
      return stopped === undefined ? true : undefined;
    },
    { everyMs: 20 },
  );
  if (done === true) return resumed.size;
  throw new FaultlineError("FL_HEAL_FAILED", `${node}: still stopped after SIGCONT: ${stopped?.text ?? "?"}`, {
    remedy: "./faultline heal",
  });
}

/** @returns the condition with this tag that is on the node now. Undefined: there is none. */
export async function imposedOn(control: NodeControl, node: string, tag: string): Promise<Imposed | undefined> {
  const imposed = await required(control.conditions, "FL_HEAL_FAILED").list();
  return imposed.find((one) => one.node === node && one.tag === tag);
}

/**
 * Takes a condition off a node and looks whether it is gone, again and again within LIFT_TIMEOUT_MS. It asks the node nothing: the
 * node may be dead.
 * @returns what was seen, as one sentence.
 * @throws FaultlineError FL_HEAL_FAILED
 */
export async function liftCondition(control: NodeControl, node: string, tag: string, clock: Clock): Promise<string> {
  const conditions = required(control.conditions, "FL_HEAL_FAILED");
  let found: Imposed | undefined;
  let problem: Error | undefined;
  const gone = await poll(
    clock,
    LIFT_TIMEOUT_MS,
    async () => {
      problem = undefined;
      try {
        found ??= await imposedOn(control, node, tag);
        // Also when it is not listed: one that is half put on may not be.
        await conditions.lift(node, tag);
        return (await imposedOn(control, node, tag)) === undefined ? true : undefined;
      } catch (error) {
        problem = error instanceof Error ? error : new Error(JSON.stringify(error));
        return undefined;
      }
    },
    { everyMs: 250 },
  );
  if (gone === true)
    return found === undefined
      ? `no condition ${tag} on ${node}`
      : `${found.kind}${tag === "" ? "" : ` (${tag})`} lifted from ${node}`;
  const why = problem === undefined ? "" : `: ${problem.message}`;
  throw new FaultlineError(
    "FL_HEAL_FAILED",
    `${node}: the condition ${tag} could not be taken off within ${LIFT_TIMEOUT_MS / 1000} s${why}`,
    {
      remedy: "./faultline heal; if that fails too: ./faultline down, which takes the node and all that is on it away",
      ...(problem !== undefined && { cause: problem }),
    },
  );
}
